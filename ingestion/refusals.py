"""Counts what the door refuses: noted in memory, moved to the queue's counts every few seconds.

A refusal must stay cheap, and many are made because the queue is away; those of the last seconds
are lost with the process.
"""

import threading
from collections import Counter

import redis

from ingestion import metrics, queue

_MOST_KINDS = 10_000
_lock = threading.Lock()
_noted: Counter[tuple[str, str, str]] = Counter()


def note(reason: str, *, app: str = "", source: str = "") -> None:
    """Count a refused request; without app and source where the sender is not known."""
    with _lock:
        if len(_noted) < _MOST_KINDS or (app, source, reason) in _noted:
            _noted[app, source, reason] += 1


def flush() -> None:
    """Move what was noted to the counts; keeps it while the queue is away."""
    with _lock:
        taken = dict(_noted)
        _noted.clear()
    if not taken:
        return
    try:
        queue.book(metrics.refusals(taken))
    except redis.RedisError:
        with _lock:
            _noted.update(taken)
