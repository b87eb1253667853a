"""What goes in and out of searches, across the border of this room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from logplatform.kernel.errors import PlatformError

Order = Literal["desc", "asc"]
PatternSort = Literal["count", "rare", "new"]
Record = dict[str, Any]


class TimeRangeReversed(PlatformError):
    """The range ends before it starts."""

    code = "invalid_time_range"
    status = 400
    message = "The time range ends ({end}) before it starts ({start})."
    hint = "Exchange start and end."


class InvalidCursor(PlatformError):
    """A cursor that was changed, or that belongs to another search or another app."""

    code = "invalid_cursor"
    status = 400
    message = "The cursor does not belong to this search."
    hint = "Start again without a cursor, and repeat every other parameter on each page."


class InvalidLimit(PlatformError):
    """A page size out of range."""

    code = "invalid_limit"
    status = 400
    message = "The limit has to be a whole number from {lowest} to {highest}."
    hint = "Where an answer has `next`, that leads to more, as `cursor`."

    def __init__(self, *, highest: int, lowest: int = 1) -> None:
        super().__init__(lowest=lowest, highest=highest)


class InvalidInterval(PlatformError):
    """A bucket width that gives none or far too many buckets."""

    code = "invalid_interval"
    status = 400
    message = "An interval of {interval_s} s does not fit the time range."
    hint = "Leave it to `auto`, or choose one that gives at most {highest} buckets."


class InvalidFilter(PlatformError):
    """A plain filter with a value its column cannot have; `meant` is a guess in words."""

    code = "invalid_filter"
    status = 400
    message = "There is no {name} “{value}”."
    hint = "{meant}Levels are trace, debug, info, warn, error and fatal."


class InvalidField(PlatformError):
    """A field that lines cannot be counted by."""

    code = "invalid_field"
    status = 400
    message = "The field “{name}” cannot be used here: {reason}."
    hint = "GET /api/v1/logs/fields lists the fields there are."


class TooManyFields(PlatformError):
    """More fields or metrics than one question takes."""

    code = "too_many_fields"
    status = 400
    message = "{given} {what} are too many at once: {highest} is the most."
    hint = "Ask for some of them, and again for the rest."


class InvalidMetric(PlatformError):
    """A figure that cannot be computed."""

    code = "invalid_metric"
    status = 400
    message = "“{metric}” is not a metric."
    hint = "Use count, or unique, sum, avg, min, max, p50 to p99 with a field: p95:duration_ms."


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which records. `apps` has no default: every query carries what the caller may see.

    `start` is included, `end` is not; None leaves that side open. The plain filters hold one or
    more values, any of which fits.
    """

    apps: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None
    q: str = ""
    level: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    order: Order = "desc"

    def __post_init__(self) -> None:
        if isinstance(self.apps, str):
            raise AssertionError("BUG: LogQuery.apps needs a tuple of app slugs")
        if self.start and self.end and self.start > self.end:
            raise TimeRangeReversed(start=self.start.isoformat(), end=self.end.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Records as in the API, in the order of the query; `next` opens the page after."""

    records: list[Record]
    next: str | None
    is_truncated: bool
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Counts by level name from `start` (ISO-8601) on; levels that do not occur are absent."""

    start: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Buckets of equal width over the whole range, empty ones included."""

    interval_s: int
    buckets: list[Bucket]
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStats:
    """Figures of a query; `error_rate` is the share of ERROR and FATAL, from 0 to 1.

    `by_service` has the largest of all `services`; `is_truncated` when there are more.
    """

    total: int
    by_level: Mapping[str, int] = field(default_factory=dict)
    by_service: Mapping[str, int] = field(default_factory=dict)
    error_rate: float = 0.0
    first: str | None = None
    last: str | None = None
    services: int = 0
    is_truncated: bool = False
    took_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One message template within a range of time.

    `trend` counts it in equal parts of the range, `previous` in the equally long time before;
    `level` is the worst there was, times are ISO-8601, `example` the newest record.
    """

    pattern_id: int
    template: str
    count: int
    previous: int
    trend: list[int]
    level: str
    first_seen: str
    last_seen: str
    example: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternPage:
    """Templates in the order asked for; `total` lines in `distinct` templates (within 1 %).

    `is_truncated` when there are more.
    """

    patterns: list[Pattern]
    total: int
    distinct: int
    took_ms: int
    is_truncated: bool = False
