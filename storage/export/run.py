"""Runs an export as a row of queries over spans of time, so that none has to sort everything.

One long query would hold a reader open for each part of each day, and of several apps it would
sort all lines before it sent the first. A span has about as many lines as its size allows; it
starts small, so that the first bytes come soon, and grows while little is found.
"""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings

from logplatform.kernel import clock
from storage import turns
from storage.callers import current_caller
from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.export.columns import all_params, columns_of
from storage.export.formats import FORM_OF, ExportFormat, Form
from storage.query.instants import NS, moment_of
from storage.records import EVENT_NS
from storage.where import all_of, of_apps, times_of, where

_FIRST_LINES, _MOST_LINES = 50_000, 50_000_000
_LITTLE_BYTES, _MUCH_BYTES = 8 << 20, 64 << 20
_STEPS = 5_000
_WHEN_OPEN = timedelta(days=365)
_UNBOUNDED: dict[str, Any] = {
    "max_result_rows": 0,
    "max_result_bytes": 0,
    "max_threads": 2,
    "max_block_size": 8_192,
    "prefer_column_name_to_alias": 1,
}


def export_logs(
    query: LogQuery, *, fmt: ExportFormat, fields: Sequence[str] = ()
) -> Generator[bytes]:
    """Every line of a query in its order, as the bytes of a file.

    Args:
        query: what to find; as many lines as there are.
        fmt: `ndjson` and `csv` have times as in the API, `parquet` has columns with types.
        fields: names as a query writes them; none for the whole record.
    Returns:
        Pieces of the file; nothing is read ahead of who takes them. Closing it ends the query.
    Raises:
        InvalidFields, QueryError, QueryTooComplex, TooManyQueries, QueryTooExpensive: before the
        first piece. Later: AnswerBroken; the file is incomplete.
    """
    form = FORM_OF[fmt](columns_of(fields))
    chosen, params = form.select()
    params = {**params, **all_params(form.columns)}
    where(query)
    caller = current_caller()
    name = caller.name if caller else "nobody"
    with turns.exports().turn(caller=name, app=""):
        parts = _parts(query, form, chosen, params)
        with closing(parts):
            for piece in form.file(parts):
                if piece:
                    yield piece


def _parts(
    query: LogQuery, form: Form, chosen: str, params: dict[str, Any]
) -> Generator[Generator[bytes]]:
    """The rows of one span after the other."""
    deadline = time.monotonic() + settings.ENV.export_max_s
    spans = _Spans(query)
    while (span := spans.next()) is not None:
        condition = where(span)
        way = "ASC" if query.order == "asc" else "DESC"
        rows = client.stream(
            f"SELECT {chosen} FROM logs WHERE {condition.text} ORDER BY timestamp {way}, id {way}",
            {**condition.params, **params},
            fmt=form.engine_format,
            max_execution_time=max(1, round(deadline - time.monotonic())),
            **_UNBOUNDED,
            **form.settings,
        )
        with closing(rows):
            yield _counted(rows, spans)


def _counted(rows: Generator[bytes], spans: "_Spans") -> Generator[bytes]:
    length = 0
    for piece in rows:
        length += len(piece)
        yield piece
    spans.adapt(length)


class _Spans:
    """Cuts the range of a query into pieces that follow each other in its order."""

    def __init__(self, query: LogQuery) -> None:
        self._query = query
        self._lines = _FIRST_LINES
        self._step_ns = _step_s(query) * NS
        self._slots = self._count()
        self._rest: LogQuery | None = query

    def next(self) -> LogQuery | None:
        """The query for the next span; None at the end of the range."""
        rest, taken = self._rest, 0
        if rest is None:
            return None
        while self._slots and taken < self._lines:
            slot, lines = self._slots.pop()
            taken += lines
        if not self._slots:
            self._rest = None
            return rest
        if rest.order == "desc":
            edge = moment_of(slot * self._step_ns)
            self._rest = replace(rest, end=edge)
            return replace(rest, start=edge)
        edge = moment_of((slot + 1) * self._step_ns)
        self._rest = replace(rest, start=edge)
        return replace(rest, end=edge)

    def adapt(self, length: int) -> None:
        """Take longer spans while they give little, and shorter ones when they give much."""
        if length < _LITTLE_BYTES:
            self._lines = min(self._lines * 4, _MOST_LINES)
        elif length > _MUCH_BYTES:
            self._lines = max(self._lines // 2, _FIRST_LINES)

    def _count(self) -> list[tuple[int, int]]:
        """Stretches of time with their lines, whatever the query wants of them; next one last."""
        condition = all_of([of_apps(self._query.apps), *times_of(self._query)])
        rows = client.fetch(
            f"SELECT toInt64(floor({EVENT_NS} / {{step:Int64}})) AS slot, count() AS n FROM logs "
            f"WHERE {condition.text} GROUP BY slot ORDER BY slot",
            {**condition.params, "step": self._step_ns},
        )
        slots = [(row["slot"], row["n"]) for row in rows]
        return slots if self._query.order == "desc" else slots[::-1]


def _step_s(query: LogQuery) -> int:
    """Seconds of a stretch: a minute, or more where that would be too many."""
    start = query.start or clock.now() - _WHEN_OPEN
    span = (query.end or clock.now()) - start
    return max(60, int(span.total_seconds()) // _STEPS)
