"""Which questions the counts by minute can answer, and the rows they are answered from.

Whole minutes come from the counts; the pieces of minutes at both ends of a range, and days that
are marked, from the lines. Every row has the same shape wherever it comes from.
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
# Below this the lines themselves are as quick.
_FEWEST_MINUTES = 5
_COUNTED = {"app", "service", "source", "level", "severity"}
_MINUTE = (
    "fromUnixTimestamp64Nano(toUnixTimestamp64Nano(timestamp)"
    f" - positiveModulo(toUnixTimestamp64Nano(timestamp), {_MINUTE_NS}), 'UTC')"
)
_OF_COUNTS = "app, minute, service, severity, lines, earliest, latest"
_OF_LINES = (
    f"app, {_MINUTE} AS minute, service, severity, count() AS lines, "
    "min(timestamp) AS earliest, max(timestamp) AS latest"
)
_GROUPED = "GROUP BY app, minute, service, severity"


def counted_rows(query: LogQuery) -> SqlCondition | None:
    """A sub-query with one row an app, minute, service and severity, if counts help.

    Returns:
        `app`, `timestamp` (of the minute), `service`, `severity`, `lines`, `earliest`, `latest`;
        None where the question is about something that is not counted, or about few minutes.
    """
    if not query.apps or query.host or not _is_counted(parse_query(query.q)):
        return None
    start = MIN_NS if query.start is None else epoch_ns(query.start)
    end = MAX_NS if query.end is None else epoch_ns(query.end)
    first, last = -(-start // _MINUTE_NS) * _MINUTE_NS, end // _MINUTE_NS * _MINUTE_NS
    if query.start is None:
        first = start
    if query.end is None:
        last = end
    if last - first < _FEWEST_MINUTES * _MINUTE_NS:
        return None
    same = where(replace(query, start=None, end=None))
    marked = marked_days(query)
    arms = [_from_counts(same, first, last, marked)]
    for name, low, high in (("head", start, first), ("tail", last, end)):
        if low < high:
            arms.append(_from_lines(all_of([same, _between("timestamp", name, low, high)])))
    if marked:
        whole = _between("timestamp", "whole", first, last)
        arms.append(_from_lines(all_of([same, whole, _marked(marked)])))
    params = {name: value for arm in arms for name, value in arm.params.items()}
    text = " UNION ALL ".join(arm.text for arm in arms)
    columns = "app, minute AS timestamp, service, severity, lines, earliest, latest"
    return SqlCondition(text=f"(SELECT {columns} FROM ({text}))", params=params)


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
    same: SqlCondition, first: int, last: int, marked: list[tuple[str, str]]
) -> SqlCondition:
    parts = [same, _between("minute", "whole", first, last)]
    parts.append(SqlCondition(text=f"severity != {MARK}"))
    if marked:
        parts.append(_marked(marked, day="day", negation="NOT "))
    found = all_of(parts)
    text = f"SELECT {_OF_COUNTS} FROM log_counts WHERE {found.text}"
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
