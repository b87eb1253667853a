"""Counts over time of services, levels and templates: what unusual volumes are found in."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logplatform.kernel.levels import LEVELS
from storage.clickhouse import client
from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import LogQuery
from storage.query import SqlCondition
from storage.query.instants import NS, epoch_ns
from storage.questions.columns import LEVEL_INDEX
from storage.records import EVENT_NS
from storage.rollups.question import counted_rows
from storage.where import all_of, where

MAX_SERIES = 500
# As many of those that are there all the time, and of those that came after `new_from`.
MAX_TEMPLATES = 300
# Templates, which are counted from the lines themselves, are left out when it takes longer.
BUDGET_S = 2.0
_LEAST_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSeries:
    """Counts of the lines of a service with a level, or of a template; the greatest come first.

    Attributes:
        pattern_id: 0 where it is no template's; a template has the service and the worst level of
            its lines.
        buckets: places of the buckets that have lines, from 0 at the start of the query.
        counts: the lines in each of them.
    """

    app: str
    service: str
    level: str
    pattern_id: int
    buckets: Sequence[int]
    counts: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """All series; `has_templates` is False where there was no time to count those of templates."""

    series: list[VolumeSeries]
    has_templates: bool


def count_volume(query: LogQuery, *, width_s: int, new_from: int) -> Volumes:
    """Count lines over time, by app, service and level, and by app and template.

    Args:
        query: its range must be closed.
        width_s: seconds of a bucket; the first begins with the range.
        new_from: the bucket from which on a template that was not there before is new.
    Raises:
        As `search_logs`.
    """
    if query.start is None or query.end is None:
        raise AssertionError("BUG: volumes need a closed range")
    if not query.apps:
        return Volumes(series=[], has_templates=True)
    deadline = time.monotonic() + BUDGET_S
    condition = where(query)
    params = {"first": epoch_ns(query.start), "width": width_s * NS, "new_from": new_from}
    has_template = all_of([condition, SqlCondition(text="pattern_id != 0")])
    # Buckets begin with the range, so its start says as well what their edges are multiples of.
    counted = counted_rows(query, width_s=math.gcd(width_s, epoch_ns(query.start) // NS))
    levels = _LEVELS.fetch(counted or _lines(condition), params, f"LIMIT {MAX_SERIES}")
    left_s = max(_LEAST_S, deadline - time.monotonic())
    try:
        templates = _TEMPLATES.fetch(
            _lines(has_template),
            params,
            f"LIMIT {MAX_TEMPLATES} BY is_new",
            max_execution_time=round(left_s, 3),
        )
    except QueryTooExpensive:
        return Volumes(series=[_series(row) for row in levels], has_templates=False)
    return Volumes(series=[_series(row) for row in (*levels, *templates)], has_templates=True)


def _lines(condition: SqlCondition) -> SqlCondition:
    """A sub-query of lines, shaped as the counts by minute are."""
    columns = "app, service, severity, pattern_id, timestamp, 1 AS lines"
    return SqlCondition(
        text=f"(SELECT {columns} FROM logs WHERE {condition.text})", params=condition.params
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What is counted by, and what each of those tells.

    Attributes:
        keys: columns of the lines.
        own: columns of the lines with a bucket, which the keys need, or that are told.
        told: the columns `of_service`, `place` and `template`.
    """

    keys: str
    own: str
    told: str

    def fetch(
        self, rows: SqlCondition, params: dict[str, Any], limit: str, **limits: float
    ) -> list[dict[str, Any]]:
        """One row a key, with its buckets and counts, those with most lines first."""
        return client.fetch(
            f"SELECT app, {self.told}, groupArray(bucket) AS buckets, groupArray(n) AS counts "
            f"FROM (SELECT app, {self.own}, sum(lines) AS n, "
            f"intDiv({EVENT_NS} - {{first:Int64}}, {{width:Int64}}) AS bucket "
            f"FROM {rows.text} GROUP BY {self.keys}, bucket"
            f") GROUP BY {self.keys} ORDER BY sum(n) DESC, {self.keys} {limit}",
            {**rows.params, **params},
            **limits,
        )


_LEVELS = _Counted(
    keys="app, service, level_place",
    own=f"service, {LEVEL_INDEX} AS level_place",
    told="service AS of_service, level_place AS place, 0 AS template",
)
_TEMPLATES = _Counted(
    keys="app, pattern_id",
    own=f"pattern_id, any(service) AS some_service, max({LEVEL_INDEX}) AS worst_place",
    told="any(some_service) AS of_service, max(worst_place) AS place, pattern_id AS template, "
    "min(bucket) >= {new_from:Int64} AS is_new",
)


def _series(row: dict[str, Any]) -> VolumeSeries:
    return VolumeSeries(
        app=row["app"],
        service=row["of_service"],
        level=LEVELS[row["place"]],
        pattern_id=row["template"],
        buckets=row["buckets"],
        counts=row["counts"],
    )
