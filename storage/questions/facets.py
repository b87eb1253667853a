"""Which values fields have, and how often: several fields in one scan."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import InvalidLimit, LogQuery, TooManyFields
from storage.counts import fetch_logs
from storage.query import SqlCondition
from storage.query.fields import TAGS
from storage.query.text import unescape
from storage.questions.aggregate import Statement, group_lines
from storage.questions.columns import Column, Columns
from storage.questions.lines import lines_of
from storage.questions.metrics import metric_of
from storage.questions.preselect import exact_limits, is_overflow
from storage.records import took_ms
from storage.where import all_of, where

MAX_FIELDS = 20
MAX_VALUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and the number of lines that have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """By field as it was named: its most frequent values, and how many lines have none.

    `chosen` are the fields with too many values to count each: theirs were chosen by a ranking with
    a bounded number of counters, and then counted. `truncated` are those with more than are told.
    """

    fields: dict[str, list[Value]]
    missing: dict[str, int]
    chosen: list[str]
    truncated: list[str]
    took_ms: int


def facet_logs(query: LogQuery, fields: Sequence[str], *, limit: int = 10) -> Facets:
    """The most frequent values of fields, counted exactly; see `Facets.chosen` for how exactly.

    Args:
        fields: 1-20 names as a query writes them; levels are told as words.
        limit: values of each, 1-1000; equally frequent ones in the order of the alphabet.
    Raises:
        TooManyFields, InvalidField, InvalidLimit. Else as `search_logs`.
    """
    if len(fields) > MAX_FIELDS:
        raise TooManyFields(given=len(fields), what="fields", highest=MAX_FIELDS)
    if not 1 <= limit <= MAX_VALUES:
        raise InvalidLimit(highest=MAX_VALUES)
    started = time.monotonic()
    found: dict[str, list[Value]] = {name: [] for name in fields}
    missing = dict.fromkeys(fields, 0)
    cut = _Cut()
    for name, row in _rows(query, fields, limit, cut):
        if row["value"]:
            found[name].append(Value(value=row["value"], count=row["n"]))
        else:
            missing[name] = row["n"]
    return Facets(
        fields={name: values[:limit] for name, values in found.items()},
        missing=missing,
        chosen=cut.chosen,
        truncated=[one for one in found if len(found[one]) > limit or one in cut.truncated],
        took_ms=took_ms(started),
    )


@dataclass(slots=True)
class _Cut:
    """Fields of which not all values were compared, and those of which not all are told."""

    chosen: list[str] = field(default_factory=list)
    truncated: list[str] = field(default_factory=list)


def _rows(
    query: LogQuery, fields: Sequence[str], limit: int, cut: _Cut
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field with its rows, one more than wanted if there are; tags one by one, as a line may
    have several.
    """
    condition, columns = where(query), Columns()
    whole = [name for name in fields if unescape(name) not in TAGS]
    several = [columns.of(name) for name in whole]
    try:
        for row in _counted(several, query, limit, columns) if several else ():
            yield whole[row["place"] - 1], row
    except QueryTooExpensive as refused:
        if not is_overflow(refused):
            raise
        for name in whole:
            yield from ((name, row) for row in _one_by_one(query, name, limit, cut))
    for name in (name for name in fields if name not in whole):
        columns = Columns()
        key = columns.of(name).key
        for row in fetch_logs(
            f"arrayJoin(splitByChar(',', {key})) AS value, count() AS n",
            condition,
            f"GROUP BY value ORDER BY value != '', n DESC, value LIMIT {int(limit) + 2}",
            **columns.params,
        ):
            yield name, row


def _one_by_one(query: LogQuery, name: str, limit: int, cut: _Cut) -> Iterator[dict[str, Any]]:
    """Rows of one field that may have too many values."""
    columns = Columns()
    column = columns.of(name)
    statement = Statement(
        keys=[column],
        metrics=[metric_of("count", columns)],
        columns=columns,
        only=column.is_present,
    )
    found = group_lines(query, statement, interval=None, limit=limit)
    if found.chosen_by:
        cut.chosen.append(name)
    if found.is_truncated:
        cut.truncated.append(name)
    lacking = SqlCondition(text=f"NOT ({column.is_present})", params=columns.params)
    yield from fetch_logs("'' AS value, count() AS n", all_of([where(query), lacking]))
    for group in found.groups:
        yield {"value": group.key[name], "n": group.values["count"]}


def _counted(
    several: Sequence[Column], query: LogQuery, limit: int, columns: Columns
) -> list[dict[str, Any]]:
    """Rows of (place of the column from 1, value, n): no value first, then the most frequent."""
    keys = [f"k{place}" for place in range(len(several))]
    values = ", ".join(
        column.shown.format(f"({column.key} AS {key})")
        for key, column in zip(keys, several, strict=True)
    )
    grouped = ", ".join(f"grouping({key})" for key in keys)
    sets = ", ".join(f"({key})" for key in keys)
    return lines_of(query, columns.reads).fetch(
        f"indexOf([{grouped}], 0) AS place, [{values}][place] AS value, count() AS n",
        f"GROUP BY GROUPING SETS ({sets}) "
        f"ORDER BY place, value != '', n DESC, value LIMIT {int(limit) + 2} BY place",
        limits=exact_limits(),
        **columns.params,
    )
