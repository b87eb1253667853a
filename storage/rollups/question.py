"""Which questions the counts by minute can answer, and the rows they are answered from.

Whole hours and minutes come from the counts; the pieces of minutes at both ends of a range, and
days that are marked, from the lines. Every row has the same shape wherever it comes from.
"""

from dataclasses import replace
from typing import Any

from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.query import SqlCondition, parse_query
from storage.query.instants import MAX_NS, MIN_NS, NS, epoch_ns
from storage.query.syntax import And, MatchAll, Node, Not, Or
from storage.where import KEPT_FROM, all_of, instant, of_apps, where

MARK = 255
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
_OF_MINUTES = "app, minute AS at, service, severity, lines, earliest, latest"
_OF_HOURS = (
    f"app, {_HOUR} AS at, service, severity, sum(lines) AS lines, "
    "min(earliest) AS earliest, max(latest) AS latest"
)
_OF_LINES = (
    f"app, {_MINUTE} AS at, service, severity, count() AS lines, "
    "min(timestamp) AS earliest, max(timestamp) AS latest"
)
_GROUPED = "GROUP BY app, at, service, severity"


def counted_rows(query: LogQuery, *, width_s: int = HOUR_S) -> SqlCondition | None:
    """A sub-query with one row an app, hour or minute, service and severity, if counts help.

    Args:
        width_s: what its times are cut into afterwards; hours are of use if it is whole hours.
    Returns:
        `app`, `timestamp` (of the hour or minute), `service`, `severity`, `lines`, `earliest`,
        `latest`; None where the question is about something that is not counted, or about few
        minutes.
    """
    if not query.apps or query.host or width_s % 60 or not _is_counted(parse_query(query.q)):
        return None
    start = MIN_NS if query.start is None else epoch_ns(query.start)
    end = MAX_NS if query.end is None else epoch_ns(query.end)
    first, last = _whole(start, end, _MINUTE_NS)
    if last - first < _FEWEST_MINUTES * _MINUTE_NS:
        return None
    same = where(replace(query, start=None, end=None))
    marked = marked_days(query)
    arms = _from_counts(same, first, last, marked, has_hours=width_s % HOUR_S == 0)
    for name, low, high in (("head", start, first), ("tail", last, end)):
        if low < high:
            arms.append(_from_lines(all_of([same, _between("timestamp", name, low, high)])))
    if marked:
        whole = _between("timestamp", "whole", first, last)
        arms.append(_from_lines(all_of([same, whole, _marked(marked)])))
    params = {name: value for arm in arms for name, value in arm.params.items()}
    text = " UNION ALL ".join(arm.text for arm in arms)
    columns = "app, at AS timestamp, service, severity, lines, earliest, latest"
    return SqlCondition(text=f"(SELECT {columns} FROM ({text}))", params=params)


def _whole(start: int, end: int, width: int) -> tuple[int, int]:
    """The whole minutes or hours within a range; an end that is open stays so."""
    first = start if start == MIN_NS else -(-start // width) * width
    return first, end if end == MAX_NS else end // width * width


def marked_days(query: LogQuery) -> list[tuple[str, str]]:
    """(app, day) that have to be counted from the lines."""
    mine = of_apps(query.apps)
    rows = client.fetch(
        f"SELECT DISTINCT app, day FROM log_counts WHERE {mine.text} "
        f"AND minute = toDateTime64(0, 9, 'UTC') AND severity = {MARK} ORDER BY app, day",
        mine.params,
    )
    return [(row["app"], row["day"]) for row in rows]


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
    same: SqlCondition, first: int, last: int, marked: list[tuple[str, str]], *, has_hours: bool
) -> list[SqlCondition]:
    """Whole hours, and the whole minutes before and after them."""
    parts = [same, SqlCondition(text=f"severity != {MARK}")]
    if marked:
        parts.append(_marked(marked, day="day", negation="NOT "))
    counted = all_of(parts)
    early, late = _whole(first, last, _HOUR_NS)
    if not has_hours or late - early < _FEWEST_HOURS * _HOUR_NS:
        return [_from_minutes(counted, "minutes", first, last)]
    found = all_of([counted, _between(_HOUR, "hours", early, late)])
    text = (
        f"SELECT {_OF_HOURS} FROM log_counts WHERE {found.text} GROUP BY app, at, service, severity"
    )
    arms = [SqlCondition(text=text, params=found.params)]
    for name, low, high in (("before", first, early), ("beyond", late, last)):
        if low < high:
            arms.append(_from_minutes(counted, name, low, high))
    return arms


def _from_minutes(counted: SqlCondition, name: str, low: int, high: int) -> SqlCondition:
    found = all_of([counted, _between("minute", name, low, high)])
    text = f"SELECT {_OF_MINUTES} FROM log_counts WHERE {found.text}"
    return SqlCondition(text=text, params=found.params)


def _from_lines(found: SqlCondition) -> SqlCondition:
    text = f"SELECT {_OF_LINES} FROM logs WHERE {found.text} {_GROUPED}"
    return SqlCondition(text=text, params=found.params)


def _marked(
    marked: list[tuple[str, str]], *, day: str = f"toDate({KEPT_FROM})", negation: str = ""
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


def _between(column: str, name: str, low: int, high: int) -> SqlCondition:
    start, end = instant(f"{name}_from", low), instant(f"{name}_to", high)
    return SqlCondition(
        text=f"{column} >= {start.text} AND {column} < {end.text}",
        params={**start.params, **end.params},
    )
