"""Compares the queue with what is remembered of it.

A server whose folder was removed, or that was started on another one, goes on as an empty queue:
nothing else would tell that requests which were acknowledged are gone. See docs/administration.md.
"""

import logging
import secrets

from django.db.models import F

from ingestion import queue
from ingestion.loss.models import QueueMark
from logplatform.kernel import clock

logger = logging.getLogger(__name__)


def look() -> bool:
    """Remember what the queue holds; False where it has lost its data since the last time.

    Raises:
        redis.RedisError: the queue is away, which is no loss.
    """
    mark = QueueMark.current()
    epoch = queue.epoch(secrets.token_hex(8))
    is_lost = bool(mark.epoch) and epoch != mark.epoch
    now = clock.now()
    seen = {
        "epoch": epoch,
        "looked_at": now,
        "entries": sum(state.entries for state in queue.shard_states(now)),
        "bytes": max(0, queue.backlog_bytes()),
    }
    if is_lost:
        seen |= {
            "losses": F("losses") + 1,
            "lost_at": mark.lost_at or now,
            "lost_entries": F("lost_entries") + mark.entries,
            "lost_bytes": F("lost_bytes") + mark.bytes,
        }
    # Whoever looks at the same time counts a loss once.
    is_ours = QueueMark.objects.filter(pk=mark.pk, epoch=mark.epoch).update(**seen)
    if is_lost and is_ours:
        mark.refresh_from_db()
        logger.critical(sentence(mark), extra={"entries": mark.entries, "bytes": mark.bytes})
    return not is_lost


def sentence(mark: QueueMark) -> str:
    """What was lost, for people; "" where nothing was, or where somebody accepted it."""
    if not mark.losses or not mark.lost_at:
        return ""
    return (
        f"The queue came back without its data, noticed {mark.lost_at:%Y-%m-%d %H:%M:%S} UTC: "
        f"{mark.lost_entries} requests with {mark.lost_bytes} bytes, which waited when it was last "
        "looked at, and what came in the seconds after, are gone. Have the senders of that time "
        "send again."
    )


def accept_loss() -> bool:
    """Take the loss off the alarm; False where there is none."""
    nothing = {"losses": 0, "lost_at": None, "lost_entries": 0, "lost_bytes": 0}
    return bool(QueueMark.objects.filter(losses__gt=0).update(**nothing))
