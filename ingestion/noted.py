"""Counts of web processes: noted in memory, moved to the queue's counts every few seconds.

Noting must stay cheap, and many refusals are made because the queue is away; what was noted in the
last seconds is lost with the process.
"""

import threading
from collections import Counter
from collections.abc import Mapping

import redis

from ingestion import metrics, queue

_MOST_KINDS = 10_000
_lock = threading.Lock()
_noted: Counter[str] = Counter()


def refused(reason: str, *, app: str = "", source: str = "") -> None:
    """Count a refused request; without app and source where the sender is not known."""
    _note(metrics.refusals({(app, source, reason): 1}))


def left_out(app: str, records: int) -> None:
    """Count records that never reached a viewer of a live tail."""
    _note(metrics.tail_drops(app, records))


def flush() -> None:
    """Move what was noted to the counts; keeps it while the queue is away."""
    with _lock:
        taken = dict(_noted)
        _noted.clear()
    if not taken:
        return
    try:
        queue.book(taken)
    except redis.RedisError:
        with _lock:
            _noted.update(taken)


def _note(counts: Mapping[str, float]) -> None:
    with _lock:
        for field, count in counts.items():
            if len(_noted) < _MOST_KINDS or field in _noted:
                _noted[field] += int(count)
