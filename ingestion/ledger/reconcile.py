"""The check itself: minute by minute, once nothing of a minute can still be on its way.

A watermark says how far it has come, so its cost is that of what arrived since. Receipts written
late (a replay, a backlog that outlived the watermark) and open gaps are looked at again.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingestion import queue
from ingestion.ledger import gaps
from ingestion.ledger.models import LedgerCheck
from ingestion.models import DirectWrite
from logplatform.kernel import clock
from storage import facade as storage

# From its time of arrival to its place in the queue, or through a direct write, a request needs
# less than this.
SETTLE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
_SPAN = timedelta(minutes=10)
_KEPT = timedelta(days=30)
_FOLLOWED = timedelta(days=1)
_FOLLOWED_MINUTES = 20
_RUN_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one check covered: arrivals of [start, end), and late minutes besides."""

    start: datetime
    end: datetime
    late: int = 0


def settled_until(now: datetime) -> datetime:
    """Arrivals before this whole minute are neither in the queue nor half written directly.

    Raises:
        redis.RedisError: the queue cannot be asked.
    """
    ages = [timedelta(seconds=state.oldest_age_s or 0.0) for state in queue.shard_states(now)]
    noted = DirectWrite.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if noted:
        ages.append(now - noted)
    return _whole_minute(now - SETTLE - max(ages, default=timedelta(0)))


def check_new(*, run_s: float = _RUN_S) -> Checked | None:
    """Check what has settled since the last check, late receipts, and open gaps.

    Returns:
        What was covered; None where another process is at it. What does not fit into `run_s` is
        left to the next check.
    Raises:
        redis.RedisError, StoreUnavailable, StoreError: the next check begins where this one ended.
    """
    now = clock.now().astimezone(UTC)
    check = LedgerCheck.current(now)
    if not check.begin(now):
        return None
    try:
        return _check(check, now, time.monotonic() + run_s)
    finally:
        check.finish(clock.now())


def _check(check: LedgerCheck, now: datetime, deadline: float) -> Checked:
    check.refresh_from_db()
    judge = _Judge(now)
    settled = settled_until(now)
    start = max(check.until, now - _KEPT)
    late = _check_late(check, judge, before=start, until=now - SETTLE)
    for first, last in _spans(_whole_minute(start), settled):
        judge.span(first, last)
        if not check.advance(until=last) or time.monotonic() > deadline:
            break
    for minute in gaps.open_minutes(now - _FOLLOWED, _FOLLOWED_MINUTES):
        judge.span(minute, minute + MINUTE)
    gaps.forget_old_gaps(now)
    return Checked(start=start, end=max(check.until, start), late=late)


def check_again(since: datetime) -> Checked:
    """Check everything settled that arrived from `since` on, whatever was checked before."""
    now = clock.now().astimezone(UTC)
    check = LedgerCheck.current(now)
    judge = _Judge(now)
    start = _whole_minute(max(since.astimezone(UTC), check.since, now - _KEPT))
    end = max(settled_until(now), start)
    for first, last in _spans(start, end):
        judge.span(first, last)
    return Checked(start=start, end=end)


class _Judge:
    """Compares spans and keeps what differs; leaves out what was removed on purpose."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.since = storage.complete_since(now)

    def span(self, start: datetime, end: datetime) -> None:
        found = storage.compare_ledger(tuple(self.since), start, end)
        differences = [one for one in found if one.minute >= self.since[one.app]]
        gaps.keep_gaps(differences, start=start, end=end, now=self.now)


def _check_late(check: LedgerCheck, judge: _Judge, *, before: datetime, until: datetime) -> int:
    """Look again at minutes before the watermark that got receipts since; returns how many."""
    minutes, seen_until = storage.late_minutes(
        arrived_before=before, after=check.late_until, until=until
    )
    for first, last in _runs(minutes):
        judge.span(first, last)
    check.advance_late(seen_until)
    return len(minutes)


def _runs(minutes: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Spans of consecutive minutes, each as long as one question may be."""
    start = end = None
    for minute in minutes:
        if start is None or minute != end or minute - start >= _SPAN:
            if start is not None and end is not None:
                yield start, end
            start = minute
        end = minute + MINUTE
    if start is not None and end is not None:
        yield start, end


def _spans(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        until = min(start + _SPAN, end)
        yield start, until
        start = until


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
