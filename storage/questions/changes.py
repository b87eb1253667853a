"""How often values and templates occur in two spans of time, for comparing the two.

Costs are bounded: templates are counted exactly, by one small column; values in a random sample of
both spans, in one pass that keeps a fixed number of counters a field. What takes too long is left
out and named.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from logplatform.kernel.levels import level_of_severity
from storage.clickhouse import client
from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import LogQuery
from storage.counts import count_logs
from storage.query import SqlCondition
from storage.query.fields import COLUMNS, Field, Kind, written
from storage.query.instants import epoch_ns
from storage.records import EVENT_NS
from storage.where import all_of, at_time, where

# Lines of each span whose values are looked at, and what is kept of them.
MAX_SAMPLE = 100_000
# Lines of each span that these are chosen from; of longer spans, those of as many short times.
MAX_READ = 2_000_000
SLICES = 1_000
# Templates and values that are not counted after this time are left out.
BUDGET_S = 2.0
MAX_FIELDS = 200
TOP_VALUES = 200
_COUNTERS = 5  # counters for each value that is kept
MAX_VALUE_BYTES = 200
MAX_TEMPLATES = 500
Part = Literal["templates", "fields"]
_COLUMNS = ("service", "host", "source", "logger", "level")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanCounts:
    """How often something occurs in the span asked about, and in the one it is compared with."""

    now: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCounts(SpanCounts):
    """A value of a field, as a query names it."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCounts(SpanCounts):
    """A message template; `level` is the worst there was."""

    pattern_id: int
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Counts of two spans.

    Attributes:
        total: of all lines.
        every: values were counted in one line of so many.
        values: most different first within a field; a rare value may be absent.
        templates: the 500 that differ most.
        left_out: `templates` or `fields`, where there was no time to count them.
    """

    total: SpanCounts
    every: int = 1
    values: tuple[ValueCounts, ...] = ()
    templates: tuple[TemplateCounts, ...] = ()
    left_out: tuple[Part, ...] = ()


def count_changes(query: LogQuery, start: datetime, end: datetime) -> Changes:
    """Count values and templates in the range of a query, and from `start` to `end`.

    Args:
        query: its range must be closed.
        start, end: the span that it is compared with; the filters are the same.
    Raises:
        As `search_logs`.
    """
    if query.start is None or query.end is None:
        raise AssertionError("BUG: changes need a closed range")
    if not query.apps:
        return Changes(total=SpanCounts(now=0, before=0))
    total = SpanCounts(
        now=count_logs(query), before=count_logs(replace(query, start=start, end=end))
    )
    spans = _Spans(query, start, end, largest=max(total.now, total.before))
    left_out: list[Part] = []
    templates, values = [], []
    try:
        templates = _templates(spans)
    except QueryTooExpensive:
        left_out.append("templates")
    try:
        values = _values(spans)
    except QueryTooExpensive:
        left_out.append("fields")
    return Changes(
        total=total,
        every=spans.every,
        values=tuple(values),
        templates=tuple(templates),
        left_out=tuple(left_out),
    )


class _Spans:
    """Lines of either span, each of which `is_now` or `is_before`, or both."""

    def __init__(self, query: LogQuery, start: datetime, end: datetime, *, largest: int) -> None:
        if query.start is None or query.end is None:
            raise AssertionError("BUG: changes need a closed range")
        now = self._span("now", query.start, query.end)
        before = self._span("before", start, end)
        either = SqlCondition(
            text=f"({now.text}) OR ({before.text})", params={**now.params, **before.params}
        )
        self.condition = all_of([where(replace(query, start=None, end=None)), either])
        self.flags = f"({now.text}) AS is_now, ({before.text}) AS is_before"
        # How many times longer the span is than the one before.
        self.ratio = (query.end - query.start) / (end - start)
        # One slice of time of so many, and of its lines one of so many: the same at every try.
        self._slices = max(1, -(-largest // MAX_READ))
        self._lines = max(1, -(-largest // self._slices // MAX_SAMPLE))
        shortest = min(query.end - query.start, end - start)
        self._slice_ns = max(1, int(shortest / timedelta(microseconds=1)) * 1000)
        self._slice_ns = max(1, self._slice_ns // (SLICES * self._slices))
        self._deadline = time.monotonic() + BUDGET_S

    @property
    def every(self) -> int:
        """A sample has one line of so many."""
        return self._slices * self._lines

    def fetch(
        self, columns: str, tail: str, *, of: str, is_sampled: bool = False, **params: Any
    ) -> list[dict[str, Any]]:
        """Rows over what `of` selects of the lines; `tail` follows, `params` are its values.

        Raises:
            QueryTooExpensive: there is no time left, or not enough.
        """
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise QueryTooExpensive(limit="time")
        lines = f"SELECT {of}, {self.flags} FROM logs WHERE {self.condition.text}"
        if is_sampled:
            lines += self._sample()
            sample = {"lines": self._lines, "slices": self._slices, "slice": self._slice_ns}
            params |= {f"sample_{name}": value for name, value in sample.items()}
        return client.fetch(
            f"SELECT {columns} FROM ({lines}) {tail}",
            {**self.condition.params, **params},
            max_execution_time=round(left_s, 3),
        )

    def _sample(self) -> str:
        """Conditions for the lines of a sample; only the columns of chosen slices are read."""
        text = ""
        if self._lines > 1:
            text += " AND cityHash64(id) % {sample_lines:UInt64} = 0"
        if self._slices > 1:
            place = f"intDiv({EVENT_NS}, {{sample_slice:Int64}})"
            turn = f"cityHash64(intDiv({place}, {{sample_slices:Int64}}))"
            text += (
                f" AND ({place} + {turn} % {{sample_slices:Int64}}) % {{sample_slices:Int64}} = 0"
            )
        return text

    @staticmethod
    def _span(name: str, start: datetime, end: datetime) -> SqlCondition:
        return all_of(
            [
                at_time(f"{name}_from", ">=", epoch_ns(start)),
                at_time(f"{name}_to", "<", epoch_ns(end)),
            ]
        )


def _values(spans: _Spans) -> list[ValueCounts]:
    """The most frequent values of each field in each span."""
    columns = ", ".join(f"(0, '{name}', toString({name}))" for name in _COLUMNS)
    attributes = (
        "arrayMap((key, value) -> (1, toString(key), value), "
        "mapKeys(attributes), mapValues(attributes))"
    )
    top = f"topKIf({TOP_VALUES}, {_COUNTERS}, 'counts')"
    rows = spans.fetch(
        f"is_attribute, field, {top}(value, is_now) AS now, {top}(value, is_before) AS before",
        f"WHERE value != '' AND length(value) <= {MAX_VALUE_BYTES} "
        f"GROUP BY is_attribute, field ORDER BY count() DESC, field LIMIT {MAX_FIELDS}",
        of=f"arrayJoin(arrayConcat([{columns}], {attributes})) AS pair, "
        "pair.1 AS is_attribute, pair.2 AS field, pair.3 AS value",
        is_sampled=True,
    )
    return [
        counts
        for row in rows
        for counts in _of_field(_name(row["field"], row["is_attribute"]), row["now"], row["before"])
    ]


def _name(field: str, is_attribute: int) -> str:
    """As a query writes it."""
    kind = Kind.ATTRIBUTE if is_attribute else COLUMNS[field]
    return written(Field(name=field, kind=kind))


def _of_field(field: str, now: list[Any], before: list[Any]) -> list[ValueCounts]:
    """Counts of all values that either list has.

    A value that a full list lacks may be as frequent as its rarest: it is taken to be.
    """
    counts = [{one["item"]: one["count"] - one["error"] for one in side} for side in (now, before)]
    absent = [min(side.values()) if len(side) >= TOP_VALUES else 0 for side in counts]
    values = dict.fromkeys([*counts[0], *counts[1]])
    return [
        ValueCounts(
            field=field,
            value=value,
            now=counts[0].get(value, absent[0]),
            before=counts[1].get(value, absent[1]),
        )
        for value in values
    ]


def _templates(spans: _Spans) -> list[TemplateCounts]:
    """The templates whose counts differ most."""
    rows = spans.fetch(
        "pattern_id, countIf(is_now) AS now, countIf(is_before) AS before, max(severity) AS worst",
        "WHERE pattern_id != 0 GROUP BY pattern_id "
        f"ORDER BY abs(now - before * {{ratio:Float64}}) DESC, pattern_id LIMIT {MAX_TEMPLATES}",
        of="pattern_id, severity",
        ratio=spans.ratio,
    )
    return [
        TemplateCounts(
            pattern_id=row["pattern_id"],
            level=level_of_severity(row["worst"]),
            now=row["now"],
            before=row["before"],
        )
        for row in rows
    ]
