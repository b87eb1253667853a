"""How full the quarantine of each app is, as it was measured last; the queue remembers it."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings

from ingestion import queue
from logplatform.kernel import clock

logger = logging.getLogger(__name__)

WARN_AT, AT_ONCE = 0.8, 2.0
GRACE = timedelta(hours=1)
_KEY = "lgs:quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an app may have in quarantine."""

    bytes: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """How full the quarantine of an app is; shares of its limits, 1.0 is full.

    Times are epoch seconds: when its oldest line came, and since when people are warned (0: not).
    """

    app: str
    lines: int
    bytes: int
    oldest_at: float
    bytes_share: float
    age_share: float
    warned_at: float = 0.0

    @property
    def share(self) -> float:
        """Of the bound it is nearer to."""
        return max(self.bytes_share, self.age_share)

    @property
    def spared_until(self) -> datetime:
        """When people have been warned for long enough."""
        return datetime.fromtimestamp(self.warned_at, UTC) + GRACE

    @property
    def is_spared(self) -> bool:
        """Whether it is beyond a bound, and nothing is dropped yet."""
        is_near = self.share >= 1 and self.bytes_share < AT_ONCE
        return is_near and clock.now() < self.spared_until

    @property
    def percent(self) -> int:
        """The share in per cent."""
        return round(100 * self.share)

    @property
    def is_by_age(self) -> bool:
        """Whether age is the bound it is nearer to."""
        return self.age_share >= self.bytes_share


def limits() -> Limits:
    """The limits of every app."""
    return Limits(bytes=settings.ENV.quarantine_max_bytes, days=settings.ENV.quarantine_max_days)


def fills() -> list[Fill]:
    """How full each app was when it was measured last."""
    found = queue.client().hgetall(_KEY)
    return [Fill(**json.loads(value)) for _, value in sorted(found.items())]


def warnings_for(apps: Sequence[str]) -> list[Fill]:
    """Those of `apps` that are near a bound; empty while nobody knows."""
    try:
        return [fill for fill in fills() if fill.app in apps and fill.share >= WARN_AT]
    except redis.RedisError:
        logger.warning("How full the quarantine is cannot be read", exc_info=True)
        return []


def remember(found: Sequence[Fill]) -> None:
    """Replace what was measured before."""
    pipeline = queue.client().pipeline(transaction=True)
    pipeline.delete(_KEY)
    if found:
        pipeline.hset(_KEY, mapping={fill.app: json.dumps(asdict(fill)) for fill in found})
    pipeline.execute()
