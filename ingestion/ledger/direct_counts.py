"""Counts direct writes for Prometheus, from their receipts.

The counts live in the queue, which is away while lines are written directly. The receipts are
not: they are summed once the queue is back, each exactly once, whichever process wrote them.
"""

from datetime import UTC, datetime, timedelta

from ingestion import metrics, queue
from logplatform.kernel import clock
from storage import facade as storage

# A receipt is in the store within this time of the moment it is marked with.
_SETTLE = timedelta(minutes=1)
_FIRST = timedelta(days=1)


def count_direct_writes() -> bool:
    """Book what was written directly since the last time; False where another process did.

    Raises:
        redis.RedisError, StoreUnavailable: nothing was booked.
    """
    until = clock.now().astimezone(UTC) - _SETTLE
    position = queue.direct_position()
    after = until - _FIRST if position is None else _moment(position)
    if after >= until:
        return False
    sums = storage.sum_receipts(backend="direct", after=after, until=until)
    counts = metrics.counts_past_the_queue(sums)
    return queue.book_direct(counts, before=position, after=_ms(until))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1_000, UTC)
