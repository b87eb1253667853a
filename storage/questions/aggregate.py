"""Lines grouped by any fields, with any figures, in total or over time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.clickhouse import client
from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import InvalidLimit, InvalidMetric, LogQuery, TooManyFields
from storage.counts import closed, fetch_logs
from storage.grid import BUCKET, MAX_BUCKETS, Grid, grid_of
from storage.query import SqlCondition
from storage.questions.columns import Column, Columns
from storage.questions.lines import Lines, lines_of
from storage.questions.metrics import Metric, metric_of
from storage.questions.preselect import choose_groups, exact_limits, is_overflow
from storage.records import took_ms
from storage.where import all_of, where

MAX_KEYS = 4
MAX_METRICS = 10
MAX_GROUPS = 1_000
MAX_POINTS = 200_000

Interval = int | Literal["auto"] | None
Values = dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The figures of a group from `start` (ISO-8601) on."""

    start: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lines with the same values of the fields; `points`, if over time, has every bucket."""

    key: dict[str, str]
    values: Values
    points: list[Point] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Groups in the order asked for; `is_truncated` when there are more.

    `chosen_by` is None where all groups were compared. Where there are too many, it is what those
    that were computed were chosen by, as an order is written; their figures are of all their lines.
    """

    interval_s: int | None
    metrics: list[str]
    groups: list[Group]
    is_truncated: bool
    chosen_by: str | None
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is asked of each group.

    `columns` are those that keys and metrics are made of, and `only`: what else is true of the
    lines.
    """

    keys: list[Column]
    metrics: list[Metric]
    columns: Columns
    only: str = "1"

    @property
    def figures(self) -> str:
        """The metrics as columns m0, m1 …"""
        return ", ".join(f"{metric.sql} AS m{at}" for at, metric in enumerate(self.metrics))

    @property
    def group_id(self) -> str:
        """A number that stands for the group of a line."""
        keys = ", ".join(column.key for column in self.keys)
        return f"cityHash64({keys})" if keys else "toUInt64(0)"

    def values(self, row: dict[str, Any]) -> Values:
        """The figures of a row, by the names of the metrics."""
        return {metric.name: _figure(row[f"m{at}"]) for at, metric in enumerate(self.metrics)}

    def point(self, values: Sequence[float | None]) -> Values:
        """The figures of a bucket, in the order of the metrics."""
        return {
            metric.name: _figure(value) for metric, value in zip(self.metrics, values, strict=True)
        }

    def nothing(self) -> Values:
        """The figures of no lines."""
        return {metric.name: metric.of_none for metric in self.metrics}


def aggregate_logs(
    query: LogQuery,
    *,
    group_by: Sequence[str] = (),
    metrics: Sequence[str] = ("count",),
    interval: Interval = None,
    limit: int = 20,
    order: str = "",
) -> Aggregate:
    """Group records and compute figures of each group.

    Args:
        query: over time, an open end of its range is taken from the first and last record found.
        group_by: up to 4 fields as a query writes them; none is one group of all.
        metrics: 1-10 of count, unique:f, sum:f, avg:f, min:f, max:f and p1:f to p99.9:f. Values
            that are no numbers do not count; `unique` and percentiles are close, not exact.
        interval: None in total only, else also over time: seconds, or `auto`.
        limit: groups at most, 1-1000.
        order: one of the metrics, with `-` the highest first; default: that of the first metric.
    Raises:
        TooManyFields, InvalidField, InvalidMetric, InvalidLimit, InvalidInterval. Else as
        `search_logs`.
    """
    _check(group_by, metrics, limit)
    return group_lines(
        query, _statement(group_by, metrics), interval=interval, limit=limit, order=order
    )


def group_lines(
    query: LogQuery, statement: Statement, *, interval: Interval, limit: int, order: str = ""
) -> Aggregate:
    """Groups of a statement; parameters and errors as `aggregate_logs`."""
    _check_limit(limit)
    started = time.monotonic()
    query = query if interval is None else closed(query)
    only = SqlCondition(text=statement.only, params=statement.columns.params)
    condition = all_of([where(query), only])
    grid = None if interval is None else _grid(query, interval, limit)
    names = [metric.name for metric in statement.metrics]
    order = order or f"-{names[0]}"
    rows = _in_one_go(statement, condition, grid, order, limit + 1) if grid else None
    chosen_by = None
    if rows is None:
        lines = lines_of(query, statement.columns.reads, only)
        rows, chosen_by = _largest(statement, condition, lines, order, limit + 1)
        if grid and rows:
            _add_points(statement, condition, grid, rows[:limit])
    starts = grid.starts() if grid else []
    groups = [
        Group(
            key={column.name: row[f"g{at}"] for at, column in enumerate(statement.keys)},
            values=statement.values(row),
            points=None if interval is None else _points(statement, starts, row.get("points", ())),
        )
        for row in rows[:limit]
    ]
    return Aggregate(
        interval_s=grid.width_s if grid else None,
        metrics=names,
        groups=groups,
        is_truncated=chosen_by is not None or len(rows) > limit,
        chosen_by=chosen_by,
        took_ms=took_ms(started),
    )


def check_aggregate(
    *, group_by: Sequence[str], metrics: Sequence[str], limit: int, order: str
) -> None:
    """Refuse what `aggregate_logs` would refuse, without asking anything. Raises: as it."""
    _check(group_by, metrics, limit)
    _ordering(_statement(group_by, metrics), order or metrics[0])


def _statement(group_by: Sequence[str], metrics: Sequence[str]) -> Statement:
    columns = Columns()
    return Statement(
        keys=[columns.of(name) for name in group_by],
        metrics=[metric_of(name, columns) for name in metrics],
        columns=columns,
    )


def _check(group_by: Sequence[str], metrics: Sequence[str], limit: int) -> None:
    for what, given, highest in (
        ("fields to group by", len(group_by), MAX_KEYS),
        ("metrics", len(metrics), MAX_METRICS),
    ):
        if given > highest:
            raise TooManyFields(given=given, what=what, highest=highest)
    _check_limit(limit)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_GROUPS:
        raise InvalidLimit(highest=MAX_GROUPS)


def _grid(query: LogQuery, interval: int | Literal["auto"], limit: int) -> Grid | None:
    """The buckets; none where there is no line to tell the range."""
    if query.start is None or query.end is None:
        return None
    highest = min(MAX_BUCKETS, MAX_POINTS // limit)
    return grid_of(query, None if interval == "auto" else interval, highest=highest)


def _in_one_go(
    statement: Statement, condition: SqlCondition, grid: Grid, order: str, limit: int
) -> list[dict[str, Any]] | None:
    """The first groups of all with their points: lines are read once, states of figures are kept
    of each bucket, and those of a group are merged.

    Returns:
        Rows as of `_largest`, with `points` (see `_points`). None where there are too many groups
        and buckets, no lines at all, or a figure that compares groups.
    """
    sums = _sorted(statement, order, limit)
    if any(metric.is_of_all for metric in statement.metrics):
        return None
    keys = "".join(f", any({column.key}) AS k{at}" for at, column in enumerate(statement.keys))
    shown = "".join(
        f", {column.shown.format(f'anyIf(k{at}, is_total)')} AS g{at}"
        for at, column in enumerate(statement.keys)
    )
    figures = [f"m{at}" for at in range(len(statement.metrics))]
    totals = ", ".join(f"anyIf(one.{figure}, is_total) AS {figure}" for figure in figures)
    points = ", ".join(["bucket", *(f"one.{figure}" for figure in figures)])
    inner = (
        f"SELECT {statement.group_id} AS of_group, {BUCKET} AS bucket, "
        f"grouping(bucket) = 1 AS is_total{keys}, {statement.figures} FROM logs "
        f"{condition.clause} GROUP BY of_group, bucket WITH ROLLUP "
        "HAVING grouping(of_group) = 0"
    )
    try:
        rows = client.fetch(
            f"SELECT of_group{shown}, groupArrayIf(({points}), NOT is_total) AS points, "
            f"{totals} FROM ({inner}) AS one GROUP BY of_group {sums}",
            {**condition.params, **grid.params},
            **exact_limits(statement.metrics),
        )
    except QueryTooExpensive as refused:
        if not is_overflow(refused):
            raise
        return None
    return rows or None


def _largest(
    statement: Statement, condition: SqlCondition, lines: Lines, order: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """The first groups of all; of some, and what these were chosen by, where there are too many.

    Rows have `of_group`, keys g0, g1 …, figures m0, m1 …
    """
    metric, is_descending = _ordering(statement, order)
    try:
        return _of_all(statement, lines, order, limit), None
    except QueryTooExpensive as refused:
        if not statement.keys or not is_overflow(refused):
            raise
    chosen, chosen_by = choose_groups(
        statement.group_id, condition, metric, is_descending=is_descending, limit=limit
    )
    return _of_chosen(statement, condition, order, limit, chosen), chosen_by


def _of_all(statement: Statement, lines: Lines, order: str, limit: int) -> list[dict[str, Any]]:
    """Raises: QueryTooExpensive, early, where there are too many groups."""
    keys = [column.key for column in statement.keys]
    grouped = f"GROUP BY {', '.join(keys)} " if keys else ""
    return lines.fetch(
        _shown(statement, statement.group_id, keys),
        grouped + _sorted(statement, order, limit),
        limits=exact_limits(statement.metrics),
    )


def _of_chosen(
    statement: Statement, condition: SqlCondition, order: str, limit: int, chosen: list[int]
) -> list[dict[str, Any]]:
    """Where a figure is of all groups, those that were not chosen are one, of the number 0."""
    of_group = statement.group_id
    is_chosen = f"{of_group} IN {{chosen:Array(UInt64)}}"
    if any(metric.is_of_all for metric in statement.metrics):
        of_group = f"if({is_chosen}, {of_group}, 0)"
    else:
        condition = all_of([condition, SqlCondition(text=is_chosen)])
    rows = fetch_logs(
        _shown(statement, of_group, [f"any({column.key})" for column in statement.keys]),
        condition,
        f"GROUP BY of_group {_sorted(statement, order, limit + 1)}",
        chosen=chosen,
    )
    return [row for row in rows if row["of_group"]][:limit]


def _shown(statement: Statement, of_group: str, keys: list[str]) -> str:
    """The columns of a row, with the keys as they are grouped by."""
    shown = [
        f"{column.shown.format(key)} AS g{at}"
        for at, (key, column) in enumerate(zip(keys, statement.keys, strict=True))
    ]
    return ", ".join([f"{of_group} AS of_group", *shown, statement.figures])


def _sorted(statement: Statement, order: str, limit: int) -> str:
    metric, is_descending = _ordering(statement, order)
    way = f"m{statement.metrics.index(metric)} {'DESC' if is_descending else 'ASC'}"
    names = "".join(f", g{at}" for at in range(len(statement.keys)))
    return f"ORDER BY {way} NULLS LAST{names} LIMIT {int(limit)}"


def _ordering(statement: Statement, order: str) -> tuple[Metric, bool]:
    """The metric to order by, and whether the highest come first. Raises: InvalidMetric."""
    name = order.removeprefix("-")
    for metric in statement.metrics:
        if metric.name == name:
            return metric, order.startswith("-")
    raise InvalidMetric(metric=name[:80])


def _add_points(
    statement: Statement, condition: SqlCondition, grid: Grid, groups: list[dict[str, Any]]
) -> None:
    """Reads the points of groups, and gives each row its own."""
    of_group = {row["of_group"]: row for row in groups}
    for row in groups:
        row["points"] = []
    if statement.keys:
        chosen = f"{statement.group_id} IN {{groups:Array(UInt64)}}"
        params = {"groups": [*of_group]}
        condition = all_of([condition, SqlCondition(text=chosen, params=params)])
    for row in fetch_logs(
        f"{statement.group_id} AS of_group, {BUCKET} AS bucket, {statement.figures}",
        condition,
        "GROUP BY of_group, bucket",
        **grid.params,
    ):
        figures = [row[f"m{at}"] for at in range(len(statement.metrics))]
        of_group[row["of_group"]]["points"].append([row["bucket"], *figures])


def _points(
    statement: Statement, starts: Sequence[str], found: Sequence[Sequence[Any]]
) -> list[Point]:
    """Every bucket, of rows of (bucket, figures …) of those that have lines."""
    values = {bucket: figures for bucket, *figures in found}
    return [
        Point(
            start=start,
            values=statement.point(values[bucket]) if bucket in values else statement.nothing(),
        )
        for bucket, start in enumerate(starts)
    ]


def _figure(value: float | None) -> float | None:
    """A figure without the noise of its last digits."""
    return float(f"{value:.12g}") if isinstance(value, float) else value
