"""Unusual volumes of stored lines: counts out of the store, what is unusual about them in words."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from analytics.volume.contracts import DAYS, Anomaly, Counts, Key, Kind, Series
from analytics.volume.detect import find_anomalies
from logplatform.kernel import clock
from logplatform.parameters import InvalidParameter
from storage import facade as storage
from storage.facade import LogQuery, VolumeSeries

MAX_ANOMALIES = 200
MAX_RANGE = timedelta(days=DAYS)
_DAY_S = 86_400
# Up to this range buckets have the first width, beyond it the second.
_FINE, _FINE_S, _COARSE_S = timedelta(days=2), 300, 900


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAnomaly:
    """A stretch of time in which something came too often, not at all, or for the first time.

    `service`, `level` and `pattern_id` are None where the lines of all are meant.
    """

    start: datetime
    end: datetime
    kind: Kind
    app: str
    service: str | None
    level: str | None
    pattern_id: int | None
    template: str | None
    actual: int
    expected: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAnomalies:
    """What is unusual, most unusual first; buckets of `interval_s` were looked at.

    `left_out` is `templates` where there was no time to count them; `is_truncated` when there are
    more than are told.
    """

    anomalies: list[VolumeAnomaly]
    interval_s: int
    is_truncated: bool
    left_out: list[str]
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Whole buckets: `DAYS` days of history before `start`, then `size` to judge."""

    start: datetime
    width: timedelta
    size: int

    @property
    def history(self) -> int:
        """Buckets before `start`."""
        return DAYS * _DAY_S // int(self.width.total_seconds())

    def at(self, bucket: int) -> datetime:
        """When a bucket begins, counted from `start`."""
        return self.start + bucket * self.width


def unusual_volumes(query: LogQuery, *, limit: int) -> VolumeAnomalies:
    """Find what is unusual in the range of a query, compared with the week before it.

    Args:
        query: its range must be closed; its ends are moved to whole buckets that are over.
        limit: how many at most, 1-200.
    Raises:
        InvalidParameter: a limit out of range, or over 7 days. Else as `search_logs`.
    """
    if not 1 <= limit <= MAX_ANOMALIES:
        raise InvalidParameter(name="limit", value=limit, expected=f"1 to {MAX_ANOMALIES}")
    started = time.monotonic()
    grid = _grid_of(query)
    seen = replace(query, start=grid.at(-grid.history), end=grid.at(grid.size))
    width_s = int(grid.width.total_seconds())
    counted = storage.count_volume(seen, width_s=width_s, new_from=grid.history)
    unusual = find_anomalies(_series_of(counted.series, grid), per_day=_DAY_S // width_s)
    found = unusual[:limit]
    words = storage.find_templates(seen, [one.key.pattern_id for one in found])
    return VolumeAnomalies(
        anomalies=[_told(one, grid, words) for one in found],
        interval_s=width_s,
        is_truncated=len(unusual) > limit,
        left_out=[] if counted.has_templates else ["templates"],
        took_ms=round((time.monotonic() - started) * 1000),
    )


def _grid_of(query: LogQuery) -> _Grid:
    """Whole buckets that cover the range, without the one that is not over; one at least."""
    if query.start is None or query.end is None:
        raise AssertionError("BUG: unusual volumes need a closed range")
    span = query.end - query.start
    # `now-7d` and now are read one after the other.
    if span > MAX_RANGE + timedelta(seconds=_COARSE_S):
        expected = f"a range of {MAX_RANGE.days} days at most"
        raise InvalidParameter(name="start", value=query.start.isoformat(), expected=expected)
    width_s = _FINE_S if span <= _FINE else _COARSE_S
    end = _floor(min(query.end, clock.now()), width_s)
    start = min(_floor(query.start, width_s), end - width_s)
    return _Grid(
        start=datetime.fromtimestamp(start, UTC),
        width=timedelta(seconds=width_s),
        size=(end - start) // width_s,
    )


def _floor(moment: datetime, width_s: int) -> int:
    return int(moment.timestamp()) // width_s * width_s


def _series_of(counted: Iterable[VolumeSeries], grid: _Grid) -> list[Series]:
    """Series of levels and templates as they were counted, and sums for services and apps."""
    sums: dict[Key, Counts] = {}
    for one in counted:
        counts = np.zeros(grid.history + grid.size, dtype=np.int64)
        counts[np.asarray(one.buckets, dtype=np.int64)] = one.counts
        key = Key(app=one.app, service=one.service, level=one.level, pattern_id=one.pattern_id)
        sums[key] = counts
        for above in () if key.pattern_id else key.ancestors:
            sums[above] = sums[above] + counts if above in sums else counts
    return [Series(key=key, counts=counts) for key, counts in sums.items()]


def _told(one: Anomaly, grid: _Grid, words: dict[int, str]) -> VolumeAnomaly:
    return VolumeAnomaly(
        start=grid.at(one.first),
        end=grid.at(one.last),
        kind=one.kind,
        app=one.key.app,
        service=one.key.service or None,
        level=one.key.level or None,
        pattern_id=one.key.pattern_id or None,
        template=words.get(one.key.pattern_id),
        actual=one.actual,
        expected=one.expected,
        score=one.score,
    )
