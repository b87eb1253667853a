"""What the API tells about the queue."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings

from ingestion import queue
from logplatform.kernel import clock
from storage import facade as storage


def queue_status(apps: Sequence[str]) -> dict[str, Any]:
    """The backlog of the platform and the quarantine size of `apps`, None while nobody knows it.

    Raises: QueueUnavailable.
    """
    with queue.answering():
        shards, size = queue.shard_states(clock.now()), queue.backlog_bytes()
    ages = [shard.oldest_age_s for shard in shards if shard.oldest_age_s is not None]
    return {
        "entries": sum(shard.entries for shard in shards),
        "bytes": size,
        "limit_bytes": settings.ENV.queue_max_bytes,
        "oldest_age_s": max(ages, default=None),
        "shards": [asdict(shard) for shard in shards],
        "quarantined": _quarantined(apps),
    }


def _quarantined(apps: Sequence[str]) -> int | None:
    try:
        return storage.count_rejects(storage.RejectQuery(apps=tuple(apps)))
    except storage.StoreUnavailable:
        return None
