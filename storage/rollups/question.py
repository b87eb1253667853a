"""Which questions the counts by minute can answer, and the rows they are answered from.

Whole hours and minutes come from the counts; the pieces of minutes at both ends of a range, and
days that are marked, from the lines. Every row has the same shape wherever it comes from.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from storage.contracts import LogQuery
from storage.query import SqlCondition, parse_query
from storage.query.instants import MAX_NS, MIN_NS, NS, epoch_ns
from storage.query.syntax import And, MatchAll, Node, Not, Or
from storage.rollups.marks import MARK, AppDay, marked_days
from storage.stretches import Span
from storage.where import KEPT_FROM, all_of, instant, where

_MINUTE_NS = 60 * NS
HOUR_S = 3_600
_HOUR_NS = HOUR_S * NS
# Below these the lines, or the minutes, themselves are as quick.
_FEWEST_MINUTES = 5
_FEWEST_HOURS = 24
_COUNTED = {"app", "service", "source", "level", "severity"}
_MINUTE = (
    "fromUnixTimestamp64Nano(toUnixTimestamp64Nano(timestamp)"
    f" - positiveModulo(toUnixTimestamp64Nano(timestamp), {_MINUTE_NS}), 'UTC')"
)
# Exactly as the projection `hours` of the counts has it, or the engine does not find it there.
_HOUR = (
    "fromUnixTimestamp64Nano(toUnixTimestamp64Nano(minute)"
    f" - positiveModulo(toUnixTimestamp64Nano(minute), {_HOUR_NS}), 'UTC')"
)
Key = Literal["app", "timestamp", "service"]
_ALL_KEYS: tuple[Key, ...] = ("app", "timestamp", "service")
_SUMS = "sum(lines) AS lines, min(earliest) AS earliest, max(latest) AS latest"
_OF_LINES = "count() AS lines, min(timestamp) AS earliest, max(timestamp) AS latest"


def counted_rows(
    query: LogQuery, *, width_s: int = HOUR_S, keys: Sequence[Key] = _ALL_KEYS
) -> SqlCondition | None:
    """A sub-query with counts by severity and `keys`, if counts help.

    Args:
        width_s: what its times are cut into afterwards; hours are of use if it is whole hours.
        keys: what the caller groups by; what is left out is not told apart, and costs less.
    Returns:
        `keys` (`timestamp` is that of the hour or minute), `severity`, `lines`, `earliest`,
        `latest`, in any number of rows for each; None where the question is about something that
        is not counted, or about few minutes.
    """
    if not query.apps or query.host or width_s % 60 or not _is_counted(parse_query(query.q)):
        return None
    start = MIN_NS if query.start is None else epoch_ns(query.start)
    end = MAX_NS if query.end is None else epoch_ns(query.end)
    first, last = _whole(start, end, _MINUTE_NS)
    if last - first < _FEWEST_MINUTES * _MINUTE_NS:
        return None
    same = where(replace(query, start=None, end=None))
    marked = marked_days(query.apps)
    arms = _from_counts(same, (first, last), marked, keys, has_hours=width_s % HOUR_S == 0)
    pieces = _between("timestamp", head=(start, first), tail=(last, end))
    if pieces:
        arms.append(_from_lines(all_of([same, pieces]), keys))
    whole = _between("timestamp", whole=(first, last))
    if marked and whole:
        arms.append(_from_lines(all_of([same, whole, _marked(marked)]), keys))
    params = {name: value for arm in arms for name, value in arm.params.items()}
    text = " UNION ALL ".join(arm.text for arm in arms)
    renamed = ["at AS timestamp" if key == "timestamp" else key for key in keys]
    columns = ", ".join([*renamed, "severity, lines, earliest, latest"])
    return SqlCondition(text=f"(SELECT {columns} FROM ({text}))", params=params)


def _whole(start: int, end: int, width: int) -> tuple[int, int]:
    """The whole minutes or hours within a range; an end that is open stays so."""
    first = start if start == MIN_NS else -(-start // width) * width
    return first, end if end == MAX_NS else end // width * width


def _is_counted(node: Node) -> bool:
    match node:
        case MatchAll():
            return True
        case And(nodes=nodes) | Or(nodes=nodes):
            return all(_is_counted(part) for part in nodes)
        case Not(node=part):
            return _is_counted(part)
        case _:
            return node.field in _COUNTED


def _from_counts(
    same: SqlCondition,
    span: Span,
    marked: list[AppDay],
    keys: Sequence[Key],
    *,
    has_hours: bool,
) -> list[SqlCondition]:
    """Whole hours, and the whole minutes before and after them."""
    parts = [same, SqlCondition(text=f"severity != {MARK}")]
    if marked:
        parts.append(_marked(marked, day="day", negation="NOT "))
    first, last = span
    early, late = _whole(first, last, _HOUR_NS) if has_hours else (last, last)
    if late - early < _FEWEST_HOURS * _HOUR_NS:
        early = late = last
    hours = _between(_HOUR, hours=(early, late))
    arms = []
    if hours:
        columns, group = _grouped(keys, _HOUR)
        found = all_of([*parts, hours])
        text = f"SELECT {columns}, {_SUMS} FROM log_counts WHERE {found.text} {group}"
        arms.append(SqlCondition(text=text, params=found.params))
    minutes = _between("minute", before=(first, early), beyond=(late, last))
    if minutes:
        columns, _ = _grouped(keys, "minute")
        found = all_of([*parts, minutes])
        text = f"SELECT {columns}, lines, earliest, latest FROM log_counts WHERE {found.text}"
        arms.append(SqlCondition(text=text, params=found.params))
    return arms


def _from_lines(found: SqlCondition, keys: Sequence[Key]) -> SqlCondition:
    columns, group = _grouped(keys, _MINUTE)
    text = f"SELECT {columns}, {_OF_LINES} FROM logs WHERE {found.text} {group}"
    return SqlCondition(text=text, params=found.params)


def _grouped(keys: Sequence[Key], at: str) -> tuple[str, str]:
    """The columns of the keys, and the clause that groups by them."""
    columns = [f"{at} AS at" if key == "timestamp" else key for key in keys]
    names = ["at" if key == "timestamp" else key for key in keys]
    return ", ".join([*columns, "severity"]), f"GROUP BY {', '.join([*names, 'severity'])}"


def _marked(
    marked: list[AppDay], *, day: str = f"toDate({KEPT_FROM})", negation: str = ""
) -> SqlCondition:
    """The app and the day are among those that are marked; the days alone find the partitions."""
    params: dict[str, Any] = {
        "marked_pairs": [f"{app} {day}" for app, day in marked],
        "marked_days": sorted({day for _, day in marked}),
    }
    return SqlCondition(
        text=f"{negation}({day} IN {{marked_days:Array(Date)}} "
        f"AND concat(app, ' ', toString({day})) IN {{marked_pairs:Array(String)}})",
        params=params,
    )


def _between(column: str, **spans: Span) -> SqlCondition | None:
    """The column is within one of these spans; None if all are empty."""
    tests: list[str] = []
    params: dict[str, Any] = {}
    for name, (low, high) in spans.items():
        if low < high:
            start, end = instant(f"{name}_from", low), instant(f"{name}_to", high)
            tests.append(f"({column} >= {start.text} AND {column} < {end.text})")
            params |= {**start.params, **end.params}
    return SqlCondition(text=" OR ".join(tests), params=params) if tests else None
