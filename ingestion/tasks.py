"""Celery entry points. A task is a bell, never the carrier of a line.

What a task does where a service is away is in `logplatform.bells`: it waits for its next turn.
"""

import logging
from datetime import UTC, datetime
from uuid import UUID

from celery import shared_task

from ingestion import pulse, queue

logger = logging.getLogger(__name__)


@shared_task(name="ingestion.drain", ignore_result=True)
def drain(shard: int) -> int:
    """Drain a shard of the queue; returns at once where somebody else does."""
    from ingestion.drain import drain_shard
    from ingestion.watchdog import TooSlow

    try:
        drained = drain_shard(shard)
    except (MemoryError, TooSlow) as error:
        logger.error(
            "A worker is too small for what waits; after three attempts it is set aside",
            extra={"shard": shard, "why": type(error).__name__},
        )
        return 0
    # A body that came while the drain was ending found the bell already rung.
    if queue.needs_drain(shard):
        drain.delay(shard)
    return drained


@shared_task(name="ingestion.ring_bells", ignore_result=True)
def ring_bells() -> None:
    """Safety net of beat: ring for every shard that has entries and no drain."""
    pulse.note()
    for shard in queue.shards():
        if queue.needs_drain(shard):
            drain.delay(shard)


@shared_task(name="ingestion.replay", ignore_result=True)
def replay(replay_id: str) -> None:
    """Work on a replay for a while and ring again; returns at once where somebody else does."""
    from ingestion.quarantine.runner import run_replay

    if run_replay(UUID(replay_id)):
        replay.delay(replay_id)


@shared_task(name="ingestion.resume_replays", ignore_result=True)
def resume_replays() -> None:
    """Safety net of beat: ring for every replay nobody works on."""
    from ingestion.models import Replay

    for replay_id in Replay.objects.left_alone().values_list("pk", flat=True):
        replay.delay(str(replay_id))


@shared_task(name="ingestion.finish_direct", ignore_result=True)
def finish_direct() -> int:
    """Finish direct writes that a crash cut short; returns how many."""
    from ingestion.direct import finish_writes

    return finish_writes()


@shared_task(name="ingestion.bound_quarantine", ignore_result=True)
def bound_quarantine() -> int:
    """Warn where quarantine fills up and drop what is beyond its bounds; returns how many lines."""
    from ingestion.quarantine.bounds import enforce_bounds

    return enforce_bounds()


@shared_task(name="ingestion.remove_closed", ignore_result=True)
def remove_closed() -> int:
    """Remove what deleted apps left; returns how many apps are gone for good."""
    from ingestion.closing import remove_closed as remove

    return remove()


@shared_task(name="ingestion.reconcile", ignore_result=True)
def reconcile() -> None:
    """Compare receipts with stored lines, for all that has settled since the last time."""
    from ingestion.ledger.reconcile import check_new

    check_new()


@shared_task(name="ingestion.count_direct", ignore_result=True)
def count_direct() -> None:
    """Count lines that were written while the queue was away, from their receipts."""
    from ingestion.ledger.direct_counts import count_direct_writes

    count_direct_writes()


@shared_task(name="ingestion.book_repeats", ignore_result=True)
def book_repeats() -> int:
    """Write bodies that came again into the ledger; returns how many rows."""
    from ingestion.ledger import repeats

    return repeats.book_repeats()


@shared_task(name="ingestion.watch_queue", ignore_result=True)
def watch_queue() -> None:
    """Notice that the queue came back without its data."""
    from ingestion.loss.watch import look

    look()


@shared_task(name="ingestion.save_key_use", ignore_result=True)
def save_key_use() -> int:
    """Write when keys were last used from the queue's notes to the database."""
    from ingestion.models import ApiKey

    notes = queue.take_key_use()
    for key_id, used_at in notes.items():
        when = datetime.fromtimestamp(used_at, UTC)
        ApiKey.objects.filter(pk=key_id).update(last_used_at=when)
    return len(notes)
