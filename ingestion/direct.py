"""Writes a body straight into the store while the queue is down."""

import hashlib
import uuid

from ingestion.assemble import assemble
from ingestion.contracts import Accepted, Entry, QueuedEntry
from ingestion.drain import write_assembled
from ingestion.errors import NoStore
from logplatform.kernel import failpoints
from storage import facade as storage


def store(entry: Entry, idempotency_key: str) -> Accepted:
    """Parse and insert now; the insert token keeps a repeated Idempotency-Key from doubling lines.

    The token covers the body as well: nobody is there to compare it with the first one's, and under
    the key alone another body would be taken for a repeat and vanish.

    Raises:
        NoStore: the log engine is away too; nothing was stored.
    """
    identity = _identity_of(entry, idempotency_key) if idempotency_key else uuid.uuid4().hex
    queued = QueuedEntry(shard=0, stream_id=f"direct-{identity}", entry=entry)
    try:
        write_assembled(assemble([queued], backend="direct"), token=queued.receipt)
    except storage.StoreUnavailable as error:
        raise NoStore() from error
    failpoints.reach("direct.written")
    return Accepted(receipt=queued.receipt, lines=entry.lines, backend="direct")


def _identity_of(entry: Entry, idempotency_key: str) -> str:
    digest = hashlib.sha256(f"{entry.app}\0{idempotency_key}\0".encode())
    digest.update(entry.body)
    return digest.hexdigest()[:32]
