"""Which quarantined lines: the filter every reader and every removal shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.contracts import TimeRangeReversed
from storage.ids import NS_PER_MS
from storage.query import SqlCondition
from storage.query.instants import epoch_ns
from storage.where import all_of, equals, of_apps


class Place(NamedTuple):
    """Where a line stands in the order of the table; the next batch begins behind it."""

    received_ms: int
    receipt: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectQuery:
    """Which lines. `apps` has no default: every query carries what the caller may see.

    Times are those of receipt: `start` is included, `end` is not. `ids` of lines narrow it further.
    """

    apps: tuple[str, ...]
    source: str = ""
    reason_code: str = ""
    ids: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if isinstance(self.apps, str):
            raise AssertionError("BUG: RejectQuery.apps needs a tuple of app slugs")
        if self.start and self.end and self.start > self.end:
            raise TimeRangeReversed(start=self.start.isoformat(), end=self.end.isoformat())


def rejects_where(query: RejectQuery) -> SqlCondition:
    """The condition of a query, with its app restriction."""
    named = {"source": query.source, "reason_code": query.reason_code}
    parts = [of_apps(query.apps), *(equals(name, value) for name, value in named.items() if value)]
    times = (("from", ">=", query.start), ("to", "<", query.end))
    parts += [
        SqlCondition(
            text=f"received_at {operator} {at(name)}",
            params={name: -(-epoch_ns(moment) // NS_PER_MS)},
        )
        for name, operator, moment in times
        if moment is not None
    ]
    if query.ids:
        params = {"ids": list(query.ids)}
        parts.append(SqlCondition(text="id IN {ids:Array(UUID)}", params=params))
    return all_of(parts)


def beyond(place: Place, *, is_descending: bool = False) -> SqlCondition:
    """Lines behind a place, in the order of the table or against it."""
    compare = "<" if is_descending else ">"
    text = (
        f"received_at {compare}= {at('p_at')} AND (received_at, receipt, line) {compare} "
        f"({at('p_at')}, {{p_receipt:String}}, {{p_line:UInt32}})"
    )
    params = {"p_at": place.received_ms, "p_receipt": place.receipt, "p_line": place.line}
    return SqlCondition(text=text, params=params)


def between(first: Place, last: Place) -> SqlCondition:
    """Lines from one place to another, both included."""
    place = "(received_at, receipt, line)"
    low, high = (
        f"({at(f'{name}_at')}, {{{name}_receipt:String}}, {{{name}_line:UInt32}})"
        for name in ("low", "high")
    )
    text = (
        f"received_at BETWEEN {at('low_at')} AND {at('high_at')} "
        f"AND {place} >= {low} AND {place} <= {high}"
    )
    params = {
        f"{name}_{part}": value
        for name, at_place in (("low", first), ("high", last))
        for part, value in zip(("at", "receipt", "line"), at_place, strict=True)
    }
    return SqlCondition(text=text, params=params)


def at(name: str) -> str:
    """A bound parameter of ms since 1970, as the column's type."""
    return f"fromUnixTimestamp64Milli({{{name}:Int64}}, 'UTC')"
