"""How many: totals, histograms and the figures of a query."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from logplatform.kernel.levels import LEVELS
from storage.clickhouse import client
from storage.contracts import Bucket, Histogram, InvalidLimit, LogQuery, LogStats
from storage.grid import BUCKET, Grid, grid_of
from storage.query import SqlCondition
from storage.query.instants import moment_of
from storage.questions.columns import LEVEL_INDEX
from storage.records import EVENT_NS, iso_time, took_ms
from storage.rollups.question import HOUR_S, Key, counted_rows
from storage.where import where

MAX_SERVICES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    """How a figure is worded over lines, and over counts by minute."""

    lines: str
    first: str
    last: str

    @property
    def span(self) -> str:
        """How many, and the first and last moment."""
        return f"{self.lines} AS n, min({self.first}) AS first, max({self.last}) AS last"


_OF_LINES = _Measures(lines="count()", first=EVENT_NS, last=EVENT_NS)
_OF_COUNTS = _Measures(
    lines="sum(lines)",
    first="toUnixTimestamp64Nano(earliest)",
    last="toUnixTimestamp64Nano(latest)",
)


class _Source:
    """Where the figures of a query come from: its lines, or the counts by minute if they know."""

    def __init__(self, query: LogQuery, *keys: Key, width_s: int = HOUR_S) -> None:
        """`keys` are what is grouped by beside the severity."""
        condition = where(query)
        counted = counted_rows(query, width_s=width_s, keys=keys)
        self._table = counted.text if counted else f"logs {condition.clause}"
        self._params = counted.params if counted else condition.params
        self.measures = _OF_COUNTS if counted else _OF_LINES

    def fetch(self, columns: str, tail: str = "", **params: int) -> list[dict[str, Any]]:
        """Rows of `columns`; `params` are the values that `columns` and `tail` name."""
        return client.fetch(
            f"SELECT {columns} FROM {self._table} {tail}", {**self._params, **params}
        )


def count_logs(query: LogQuery) -> int:
    """The number of records. Raises: as `search_logs`."""
    if not query.apps:
        return 0
    source = _Source(query)
    return int(source.fetch(f"{source.measures.lines} AS n")[0]["n"])


def histogram_logs(
    query: LogQuery, *, interval_s: int | None = None, by: str = "level"
) -> Histogram:
    """Counts by level over time, for the whole range of the query.

    Args:
        query: an open end of its range is taken from the first and last record found.
        interval_s: width of a bucket; None chooses a round one that gives about 60-120 buckets.
        by: `level`, the only grouping there is so far.
    Raises:
        InvalidInterval: over 2 000 buckets, or none. Else as `search_logs`.
    """
    if by != "level":
        raise AssertionError(f"BUG: no histogram by {by!r}")
    started = time.monotonic()
    query = closed(query)
    if query.start is None or query.end is None:
        where(query)
        return Histogram(interval_s=interval_s or 1, buckets=[], took_ms=took_ms(started))
    grid = grid_of(query, interval_s)
    buckets = _buckets(query, grid)
    return Histogram(interval_s=grid.width_s, buckets=buckets, took_ms=took_ms(started))


def stats_logs(query: LogQuery, *, services: int = 100) -> LogStats:
    """Totals by level and by service, share of errors, first and last.

    Args:
        services: how many of the largest are told, 1-1000.
    Raises:
        InvalidLimit. Else as `search_logs`.
    """
    if not 1 <= services <= MAX_SERVICES:
        raise InvalidLimit(highest=MAX_SERVICES)
    started = time.monotonic()
    source = _Source(query, "service")
    if not query.apps:
        return LogStats(total=0, took_ms=took_ms(started))
    # Both in one go over the lines. A level is missing where rows are grouped by service.
    rows = source.fetch(
        f"{LEVEL_INDEX} AS level, service, grouping(service) AS is_level, "
        f"count() OVER (PARTITION BY grouping(service)) AS rows, {source.measures.span}",
        "GROUP BY GROUPING SETS ((level), (service)) ORDER BY n DESC, service "
        f"LIMIT {max(services, len(LEVELS))} BY is_level",
    )
    levels = sorted((row for row in rows if row["is_level"]), key=lambda row: int(row["level"]))
    of_services = [row for row in rows if not row["is_level"]]
    distinct = of_services[0]["rows"] if of_services else 0
    total = sum(row["n"] for row in levels)
    errors = sum(row["n"] for row in levels if row["level"] >= LEVELS.index("ERROR"))
    return LogStats(
        total=total,
        by_level={LEVELS[row["level"]]: row["n"] for row in levels},
        by_service={row["service"]: row["n"] for row in of_services[:services]},
        error_rate=round(errors / total, 6) if total else 0.0,
        first=iso_time(min(row["first"] for row in levels)) if levels else None,
        last=iso_time(max(row["last"] for row in levels)) if levels else None,
        services=distinct,
        is_truncated=distinct > services,
        took_ms=took_ms(started),
    )


def fetch_logs(
    columns: str,
    condition: SqlCondition,
    tail: str = "",
    *,
    limits: Mapping[str, int | str] | None = None,
    **params: Any,
) -> list[dict[str, Any]]:
    """Rows of `columns` of lines.

    Args:
        limits: settings of the engine for this query.
        params: the values that `columns` and `tail` name.
    """
    return client.fetch(
        f"SELECT {columns} FROM logs {condition.clause} {tail}",
        {**condition.params, **params},
        **(limits or {}),
    )


def closed(query: LogQuery) -> LogQuery:
    """The query with both ends of its range, if any record tells the missing one."""
    if not query.apps or (query.start is not None and query.end is not None):
        return query
    source = _Source(query)
    found = source.fetch(source.measures.span)[0]
    if not found["n"]:
        return query
    first, last = moment_of(found["first"]), moment_of(found["last"])
    start, end = query.start or first, query.end or last + timedelta(microseconds=1)
    return replace(query, start=start, end=max(start, end))


def _buckets(query: LogQuery, grid: Grid) -> list[Bucket]:
    counts: dict[int, dict[str, int]] = {}
    source = _Source(query, "timestamp", width_s=grid.width_s)
    rows = source.fetch(
        f"{BUCKET} AS bucket, {LEVEL_INDEX} AS level, {source.measures.lines} AS n",
        "GROUP BY bucket, level",
        **grid.params,
    )
    for row in rows:
        counts.setdefault(row["bucket"], {})[LEVELS[row["level"]]] = row["n"]
    return [
        Bucket(start=start, counts=counts.get(index, {}))
        for index, start in enumerate(grid.starts())
    ]
