"""The bounds of quarantine, by bytes and by age for each app: warns first, then drops the oldest.

A beat task measures and remembers in the queue how full each app is; pages and metrics read that.
Nothing is dropped before it was warned about for GRACE, unless an app has twice the bytes
it may have.
"""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from ingestion import metrics, queue
from ingestion.quarantine.fills import AT_ONCE, WARN_AT, Fill, fills, limits, remember
from logplatform.kernel import clock

logger = logging.getLogger(__name__)


def enforce_bounds() -> int:
    """Measure, warn, and drop what is beyond a bound and was warned about.

    Returns:
        Lines dropped.
    Raises:
        StoreUnavailable, redis.RedisError: nothing is lost by that; the next run goes on.
    """
    from storage import facade as storage

    now, dropped = clock.now(), 0
    before = {fill.app: fill for fill in fills()}
    found = [_fill(size, before, now) for size in storage.quarantine_sizes()]
    for fill in found:
        if fill.share >= 1:
            dropped += _drop(fill, now)
    if dropped:
        found = [_fill(size, before, now) for size in storage.quarantine_sizes()]
        storage.free_quarantine_space()
    remember(found)
    return dropped


def _fill(size: Any, before: dict[str, Fill], now: datetime) -> Fill:
    most = limits()
    age = (now - size.oldest) / timedelta(days=most.days)
    fill = Fill(
        app=size.app,
        lines=size.lines,
        bytes=size.bytes,
        oldest_at=size.oldest.timestamp(),
        bytes_share=round(size.bytes / most.bytes, 4),
        age_share=round(max(age, 0.0), 4),
    )
    if fill.share < WARN_AT:
        return fill
    known = before.get(size.app)
    warned_at = (known.warned_at if known else 0.0) or now.timestamp()
    if not (known and known.warned_at):
        logger.warning(
            "Quarantine is nearly full; its oldest lines will be dropped",
            extra={"app": fill.app, "percent": fill.percent, "lines": fill.lines},
        )
    return Fill(**{**asdict(fill), "warned_at": warned_at})


def _drop(fill: Fill, now: datetime) -> int:
    """Drop what is beyond the bounds of one app and was warned about, counted by bound."""
    from storage import facade as storage

    counts = {"age": 0, "bytes": 0}
    is_warned = now >= fill.spared_until
    if is_warned and fill.age_share >= 1:
        counts["age"] = _delete_before(fill.app, now - timedelta(days=limits().days))
    if is_warned or fill.bytes_share >= AT_ONCE:
        newest = storage.newest_beyond(fill.app, keep_bytes=limits().bytes)
        if newest:
            counts["bytes"] = _delete_before(fill.app, newest + timedelta(milliseconds=1))
    for bound, lines in counts.items():
        if lines:
            queue.book(metrics.quarantine_dropped(fill.app, bound, lines))
            logger.warning(
                "Quarantined lines were dropped",
                extra={"app": fill.app, "bound": bound, "lines": lines},
            )
    return sum(counts.values())


def _delete_before(app: str, end: datetime) -> int:
    from storage import facade as storage

    return storage.delete_rejects(storage.RejectQuery(apps=(app,), end=end))
