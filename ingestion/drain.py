"""Moves queue entries into the store: read a group, assemble, insert, acknowledge, publish.

The order is the delivery guarantee: the acknowledgement comes after every insert has returned, and
every insert carries a token made from the group, so doing it again changes nothing.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import polars as pl
import redis
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from ingestion import metrics, pulse, seen_formats, suspects, tail, watchdog
from ingestion.assemble import Assembled, assemble, quarantine_whole
from ingestion.errors import RulesUnavailable
from ingestion.queue import UNREAD, Group, LeaseLost, ShardLease
from ingestion.rarity import with_rarity
from logplatform.kernel import failpoints
from storage import facade as storage

logger = logging.getLogger(__name__)

RUN_S = 120.0
IDLE_S = 2.0
# Nothing is wrong with the lines: they stay queued, and the next drain repeats the same group.
_LATER = (storage.StoreUnavailable, RulesUnavailable, SoftTimeLimitExceeded, LeaseLost)
_WORKER_DIED = (
    "worker_died: workers died or hung while they read this body ({lines} lines, {size} bytes,"
    " {encoding}), most often for want of memory; give workers more memory, or send smaller bodies"
)
# An insert costs the engine as much for one line as for a thousand: small groups take their time,
# so that more comes together. A body that comes alone never waits for this.
_PACE_S = 0.1
_SMALL_BYTES = 1 << 20
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


def drain_shard(shard: int, *, run_s: float = RUN_S, idle_s: float = IDLE_S) -> int:
    """Drain one shard until it was idle for `idle_s` or `run_s` are over.

    Returns:
        Requests stored; 0 where another drain holds the shard.
    Raises:
        storage.StoreUnavailable: the engine stayed away; entries stay queued for the next drain.
    """
    lease = ShardLease(shard)
    if not lease.acquire():
        return 0
    deadline = time.monotonic() + run_s
    drained = 0
    with _kept(lease) as has_lease:
        try:
            for group in _groups(lease, deadline, idle_s):
                with suspects.attempt(lease, group):
                    if not has_lease():
                        raise LeaseLost(f"shard {shard}")
                    store_group(lease, group)
                drained += len(group.entries)
        except LeaseLost:
            logger.warning("Another worker took the shard over", extra={"shard": shard})
    return drained


def _groups(lease: ShardLease, deadline: float, idle_s: float) -> Iterator[Group]:
    """Unfinished groups of a drain that died, then new ones."""
    yield from suspects.unfinished(lease)
    while (began := time.monotonic()) < deadline:
        group = lease.read(max_bytes=settings.ENV.drain_max_bytes)
        if group:
            yield group
            if sum(queued.entry.size for queued in group.entries) < _SMALL_BYTES:
                time.sleep(max(0.0, began + _PACE_S - time.monotonic()))
        elif not lease.wait_for_entries(idle_s):
            return


@contextmanager
def _kept(lease: ShardLease) -> Iterator[Callable[[], bool]]:
    """Renew the lease from a thread: a long insert keeps it, a frozen process loses it."""
    is_over = threading.Event()
    is_lost = threading.Event()

    def keep() -> None:
        while not is_over.wait(settings.ENV.lease_s / 4):
            try:
                lease.renew()
                watchdog.look()
            except (LeaseLost, redis.RedisError):
                is_lost.set()
                return
            except Exception:  # short of memory: the lease is still there
                continue

    keeper = threading.Thread(target=keep, name=f"lease-{lease.shard}", daemon=True)
    keeper.start()
    try:
        yield lambda: not is_lost.is_set()
    finally:
        is_over.set()
        keeper.join()
        lease.release()


def store_group(lease: ShardLease, group: Group) -> None:
    """Store a group exactly once and acknowledge it; where it is refused whole, part by part."""
    watch = metrics.Stopwatch()
    failpoints.reach("drain.claimed")
    try:
        stored = _recorded(lease, group, watch)
    except (*_LATER, watchdog.TooSlow):
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        is_alone = len(group.entries) == 1
        if group.fate == UNREAD or (is_alone and isinstance(error, MemoryError)):
            raise
        logger.exception("A group cannot be stored whole", extra={"entries": len(group.entries)})
        was_sent = "insert" in watch.seconds
        for part in suspects.apart(lease, group, error, was_sent=was_sent):
            with suspects.attempt(lease, part):
                store_group(lease, part)
    else:
        _book(lease, group, stored, watch)


def _book(
    lease: ShardLease, group: Group, stored: Assembled | None, watch: metrics.Stopwatch
) -> None:
    """Write what belongs to stored records and acknowledge the group.

    They are there under its token, so no other may be tried: what is refused here is tried again
    with the whole group.
    """
    if stored:
        with watch.stage("insert"):
            _with_patience(
                lambda again: write_books(
                    stored, token=group.token, is_repeat=again or group.is_repeat
                )
            )
    waiting = {item.receipt for item in group.entries if item.entry.wants_result}
    receipts = {str(row["receipt"]): row for row in stored.receipts} if stored else {}
    failpoints.reach("drain.before_acknowledge")
    lease.acknowledge(
        group,
        {receipt: json.dumps(receipts[receipt], default=str) for receipt in waiting},
        metrics.counts_of(receipts.values(), watch.seconds)
        | metrics.redactions([stored.redactions] if stored else []),
    )
    failpoints.reach("drain.acknowledged")
    pulse.note()
    if stored:
        tail.publish(stored.records)
        seen_formats.note(stored.records)
    logger.debug("Stored a group", extra={"entries": len(group.entries), "s": watch.seconds})


def _recorded(lease: ShardLease, group: Group, watch: metrics.Stopwatch) -> Assembled | None:
    """Store the records of a group under its token; None where its entries are gone."""
    if not group.entries:
        return None
    if group.fate == UNREAD:
        return _kept_unread(lease, group)
    with watch.stage("assemble"), watchdog.reading():
        assembled = _refused(group) if group.fate else with_rarity(assemble(group.entries))
    lease.check_held()
    with watch.stage("insert"):
        _with_patience(
            lambda again: write_records(
                assembled, token=group.token, is_repeat=again or group.is_repeat
            )
        )
    return assembled


def _refused(group: Group) -> Assembled:
    """A request as lines that could not be stored."""
    return quarantine_whole(group.entries[0], group.reason or _death_of(group))


def _kept_unread(lease: ShardLease, group: Group) -> Assembled:
    """Put a body into quarantine as it came, in pieces: no worker is too small for those.

    Returns:
        Its receipt, which is still to be written.
    """
    lease.check_held()
    queued = group.entries[0]
    reason = group.reason or _death_of(group)
    for number, piece in enumerate(lease.pieces(queued)):
        part = quarantine_whole(queued, reason, unread=piece)
        rows = part.quarantined.with_columns(pl.lit(number, pl.UInt32).alias("line"))
        token = f"{group.token}/{number}" if number else group.token
        _with_patience(partial(_quarantine, rows, token, group.is_repeat))
    return replace(part, quarantined=pl.DataFrame())


def _death_of(group: Group) -> str:
    entry = group.entries[0].entry
    how = entry.encoding or "not compressed"
    return _WORKER_DIED.format(lines=entry.lines, size=entry.size, encoding=how)


def write_records(part: Assembled, *, token: str, is_repeat: bool = False) -> None:
    """Insert the records, before `write_books`: a receipt says what is there.

    The engine remembers the tokens of 10 000 inserts, but for those it could not write down as the
    disk was full; a repeat may come when it does not know its token.
    """
    records = storage.without_stored(part.records) if is_repeat else part.records
    if len(records):
        storage.write_logs(records, token=token)
    failpoints.reach("drain.logs_written")


def write_books(part: Assembled, *, token: str, is_repeat: bool = False) -> None:
    """Insert quarantine and receipts of records that are stored."""
    if is_repeat and storage.has_receipts(part.receipts):
        return
    _quarantine(part.quarantined, token, is_repeat)
    storage.write_receipts(part.receipts, token=token)


def _quarantine(rows: pl.DataFrame, token: str, *repeats: bool) -> None:
    missing = storage.without_quarantined(rows) if any(repeats) else rows
    storage.write_quarantine(missing, token=token)


def _with_patience(write: Callable[[bool], None]) -> None:
    """Try again while the engine is away; give up after a few seconds, the queue keeps all.

    `write` learns whether it was tried before: what seems to have failed may be there.
    """
    again = False
    for pause_s in _RETRY_S:
        try:
            return write(again)
        except storage.StoreUnavailable:
            again = True
            time.sleep(pause_s)
    return write(again)
