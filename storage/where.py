"""LogQuery → WHERE. The one function through which every question about lines passes.

The app restriction is added here, outside of what the user wrote and joined to it by AND, so a
query can only narrow it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from logplatform.kernel.levels import LEVELS, severities_of_level
from logplatform.kernel.nearest import did_you_mean
from storage.contracts import InvalidFilter, LogQuery
from storage.query import SqlCondition, is_lookup, parse_query, to_sql
from storage.query.instants import MAX_NS, MIN_NS, epoch_ns
from storage.query.syntax import MatchAll

# The moment the age of a line counts from; its day is the partition.
KEPT_FROM = "greatest(timestamp, toDateTime64(received_at, 9, 'UTC'))"


def where(query: LogQuery) -> SqlCondition:
    """The condition of a query, with its app restriction.

    Raises:
        QueryError, QueryTooComplex: `q` cannot be read.
        InvalidFilter: a level that does not exist.
    """
    parts, filters = [of_apps(query.apps), *times_of(query)], _filters(query)
    tree = parse_query(query.q)
    if isinstance(tree, MatchAll):
        return all_of([*parts, *filters])
    filters.append(to_sql(tree, prefix="q"))
    if not is_lookup(tree):  # what an index finds is best left to the engine as a whole
        filters = [replace(one, lasting=one.text) for one in filters]
    return all_of([*parts, *filters])


def all_of(parts: Sequence[SqlCondition]) -> SqlCondition:
    """The conditions joined by AND; their parameters must have different names."""
    params: dict[str, Any] = {}
    for part in parts:
        params |= part.params
    lasting = [part.lasting for part in parts if part.lasting]
    rest = [part.passing if part.lasting else part.text for part in parts]
    return SqlCondition(
        text=_joined([part.text for part in parts]),
        params=params,
        lasting=_joined(lasting),
        passing=_joined(filter(None, rest)) if lasting else "",
    )


def _joined(texts: Iterable[str]) -> str:
    return " AND ".join(f"({text})" for text in texts)


def of_apps(apps: Sequence[str]) -> SqlCondition:
    """Only lines of these apps; of none, when there are none."""
    if not apps:
        return SqlCondition(text="0")
    if len(apps) == 1:  # equality lets the engine read in the order of the primary key
        return equals("app", apps[0])
    return SqlCondition(text="app IN {apps:Array(String)}", params={"apps": sorted(apps)})


def equals(column: str, value: str) -> SqlCondition:
    """A text column is this; the parameter is named for the column."""
    return SqlCondition(text=f"{column} = {{{column}:String}}", params={column: value})


def instant(name: str, ns: int) -> SqlCondition:
    """A point in time as an SQL expression."""
    return SqlCondition(
        text=f"fromUnixTimestamp64Nano({{{name}:Int64}}, 'UTC')",
        params={name: min(max(ns, MIN_NS), MAX_NS)},
    )


def times_of(query: LogQuery) -> list[SqlCondition]:
    """The range of a query."""
    return [
        at_time(name, operator, epoch_ns(moment))
        for name, operator, moment in (("from", ">=", query.start), ("to", "<", query.end))
        if moment is not None
    ]


def at_time(name: str, operator: str, ns: int) -> SqlCondition:
    """The event time compares so with a point in time."""
    point = instant(name, ns)
    return SqlCondition(text=f"timestamp {operator} {point.text}", params=point.params)


def _filters(query: LogQuery) -> list[SqlCondition]:
    columns = {"service": query.service, "host": query.host, "source": query.source}
    found = [
        SqlCondition(text=f"{name} IN {{f_{name}:Array(String)}}", params={f"f_{name}": [*values]})
        for name, values in columns.items()
        if values
    ]
    if query.level:
        numbers = sorted({number for level in query.level for number in _severities(level)})
        params = {"f_level": numbers}
        found.append(SqlCondition(text="severity IN {f_level:Array(UInt8)}", params=params))
    return found


def _severities(level: str) -> range:
    severities = severities_of_level(level)
    if severities is None:
        several = "Give `level` once for each. " if "," in level else ""
        meant = several or did_you_mean(level[:40], map(str.lower, LEVELS))
        raise InvalidFilter(name="level", value=level[:40], meant=meant)
    return severities
