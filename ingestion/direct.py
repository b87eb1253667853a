"""Writes a body straight into the store while the queue is down."""

import uuid

from ingestion.assemble import assemble
from ingestion.contracts import Accepted, Entry, QueuedEntry
from ingestion.drain import write_assembled
from ingestion.errors import NoStore
from storage import facade as storage


def store(entry: Entry, idempotency_key: str) -> Accepted:
    """Parse and insert now; the insert token keeps a repeated Idempotency-Key from doubling lines.

    Raises:
        NoStore: the log engine is away too; nothing was stored.
    """
    name = f"{entry.app}:{idempotency_key}" if idempotency_key else None
    identity = uuid.uuid5(uuid.NAMESPACE_OID, name) if name else uuid.uuid4()
    queued = QueuedEntry(shard=0, stream_id=f"direct-{identity.hex}", entry=entry)
    try:
        write_assembled(assemble([queued], backend="direct"), token=queued.receipt)
    except storage.StoreUnavailable as error:
        raise NoStore() from error
    return Accepted(receipt=queued.receipt, lines=entry.lines, backend="direct")
