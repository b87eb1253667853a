"""Counts for Prometheus: kept by the queue, so that each is booked once whoever dies."""

from collections.abc import Mapping, Sequence
from itertools import chain

from ingestion.queue import names, scripts
from ingestion.queue.connection import client


def book(counts: Mapping[str, float]) -> None:
    """Add to the counts outside of an acknowledgement."""
    pipeline = client().pipeline(transaction=False)
    for field, amount in counts.items():
        pipeline.hincrbyfloat(names.COUNTS_KEY, field, amount)
    pipeline.execute()


def direct_position() -> int | None:
    """Up to when receipts of direct writes are booked, in ms since 1970; None: none ever were."""
    found = client().get(names.DIRECT_KEY)
    return int(found) if found else None


def book_direct(counts: Mapping[str, float], *, before: int | None, after: int) -> bool:
    """Book the direct writes between two positions; False where somebody was faster."""
    args = ["" if before is None else before, after, *chain.from_iterable(counts.items())]
    return bool(scripts.BOOK_SPAN.run(client(), [names.COUNTS_KEY, names.DIRECT_KEY], args))


def booked() -> dict[bytes, bytes]:
    """Everything that was ever booked: field → sum."""
    found: dict[bytes, bytes] = client().hgetall(names.COUNTS_KEY)
    return found


def counters(keys: Sequence[str]) -> list[int]:
    """The values of counters that the enqueue script keeps; 0 where nothing was counted."""
    return [int(value or 0) for value in client().mget(keys)] if keys else []
