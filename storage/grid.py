"""Time cut into equal parts that start at round times: the buckets of every chart."""

from dataclasses import dataclass
from typing import Any

from storage.contracts import InvalidInterval, LogQuery
from storage.query.instants import NS, epoch_ns
from storage.records import EVENT_NS, iso_time

MAX_BUCKETS = 2_000
AUTO_BUCKETS = 120
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
NICE_S = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14, 30, 90, 365, 1_825)),
)
# The number of a line's bucket; needs the parameters `Grid.params`.
BUCKET = f"intDiv({EVENT_NS} - {{first:Int64}}, {{width:Int64}})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Buckets of `width_s` from `first_ns` on, the last of which begins before `end_ns`."""

    first_ns: int
    end_ns: int
    width_s: int

    @property
    def params(self) -> dict[str, Any]:
        """What `BUCKET` names."""
        return {"first": self.first_ns, "width": self.width_s * NS}

    def starts(self) -> list[str]:
        """The start of each bucket, ISO-8601."""
        return [iso_time(ns) for ns in range(self.first_ns, self.end_ns, self.width_s * NS)]


def grid_of(query: LogQuery, interval_s: int | None, *, highest: int = MAX_BUCKETS) -> Grid:
    """The buckets of a range with both ends.

    Args:
        interval_s: their width; None chooses a round one that gives about 60-120.
        highest: how many there may be.
    Raises:
        InvalidInterval: there would be more, or none.
    """
    if query.start is None or query.end is None:
        raise AssertionError("BUG: buckets need a closed range")
    start_ns, end_ns = epoch_ns(query.start), epoch_ns(query.end)
    span_s = (end_ns - start_ns) / NS
    width_s = auto_interval_s(span_s) if interval_s is None else interval_s
    if not width_s >= 1 or span_s / width_s > highest:
        raise InvalidInterval(interval_s=width_s, highest=highest)
    first_ns = start_ns // (width_s * NS) * (width_s * NS)
    return Grid(first_ns=first_ns, end_ns=end_ns, width_s=width_s)


def auto_interval_s(span_s: float) -> int:
    """The smallest round width that gives at most 120 buckets."""
    fitting = (width for width in NICE_S if span_s / width <= AUTO_BUCKETS)
    return next(fitting, NICE_S[-1])
