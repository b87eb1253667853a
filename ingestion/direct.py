"""Writes a body straight into the store while the queue is down.

The control plane remembers the body until all of it is written: a crash in between leaves neither
half a body nor lines without a receipt. See docs/decisions/0010.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError

from ingestion.assemble import assemble, problem_of, quarantine_whole
from ingestion.contracts import Accepted, Entry, QueuedEntry
from ingestion.drain import write_books, write_records
from ingestion.errors import NoStore, RulesUnavailable, TooBusy
from ingestion.models import DirectWrite
from ingestion.queue import dump_head, load_entry
from logplatform.kernel import clock, failpoints
from storage import facade as storage

logger = logging.getLogger(__name__)

_IN_FLIGHT_S = 15
# Parsing takes many times a body's size: a web process has one large body as columns at a time.
_LARGE_BYTES = 2 << 20
_LONGEST_TURN_S = 10.0
_turn = threading.Lock()
# Nothing is wrong with the lines, and the body is remembered.
_LATER = (storage.StoreUnavailable, RulesUnavailable, DatabaseError)


def store(entry: Entry) -> Accepted:
    """Remember the body, parse and insert it now.

    Only for bodies without an Idempotency-Key: whether a key came before, the queue alone knows.

    Raises:
        NoStore: the log engine or the control plane is away too; nothing was stored.
        TooBusy: it is large, and others are written; nothing was stored.
    """
    with _turn_of(entry):
        return _store(entry)


@contextmanager
def _turn_of(entry: Entry) -> Iterator[None]:
    is_large = entry.size > _LARGE_BYTES
    if is_large and not _turn.acquire(timeout=_LONGEST_TURN_S):
        raise TooBusy()
    try:
        yield
    finally:
        if is_large:
            _turn.release()


def _store(entry: Entry) -> Accepted:
    queued = QueuedEntry(shard=0, stream_id=f"direct-{uuid.uuid4().hex}", entry=entry)
    try:
        storage.check_alive()
        note = DirectWrite.objects.create(
            receipt=queued.receipt, head=dump_head(entry).decode(), body=entry.body
        )
    except (storage.StoreUnavailable, DatabaseError) as error:
        raise NoStore() from error
    failpoints.reach("direct.noted")
    try:
        _write(queued, note, is_repeat=False)
    except _LATER:
        logger.warning("A direct write is finished later", extra={"receipt": queued.receipt})
    return Accepted(receipt=queued.receipt, lines=entry.lines, backend="direct")


def finish_writes() -> int:
    """Finish what a crash left half written; returns how many bodies. Twice does no harm.

    Raises:
        storage.StoreUnavailable: the log engine is away; the rest waits for the next call.
    """
    before = clock.now() - timedelta(seconds=_IN_FLIGHT_S)
    notes = list(DirectWrite.objects.filter(created_at__lt=before).order_by("created_at"))
    for note in notes:
        stream_id = note.receipt.partition("-")[2]
        queued = load_entry(0, stream_id, note.head, bytes(note.body))
        _write(queued, note, is_repeat=True)
    return len(notes)


def _write(queued: QueuedEntry, note: DirectWrite, *, is_repeat: bool) -> None:
    """Write under the receipt as token, so that again changes nothing; then forget the body."""
    token = queued.receipt
    try:
        part = assemble([queued], backend="direct")
        write_records(part, token=token, is_repeat=is_repeat)
    except _LATER:
        raise
    except Exception as error:
        logger.exception("A request cannot be stored", extra={"receipt": queued.receipt})
        part = quarantine_whole(queued, problem_of(error), backend="direct")
        token = f"{token}:whole"
    write_books(part, token=token, is_repeat=is_repeat)
    failpoints.reach("direct.written")
    note.delete()
