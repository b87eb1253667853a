"""What became of requests: read from the ledger in the store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ingestion import queue
from ingestion.contracts import Outcome, QueuedEntry
from ingestion.errors import ReceiptNotFound
from storage import facade as storage


def find_outcome(receipt: str, apps: Sequence[str]) -> Outcome | None:
    """The outcome of a finished request of one of `apps`."""
    row = storage.find_receipt(receipt, apps=tuple(apps))
    return outcome_of(row) if row else None


def outcome_of(row: Mapping[str, Any]) -> Outcome:
    """The outcome a row of the ledger tells."""
    return Outcome(
        receipt=row["receipt"],
        received=row["received"],
        stored=row["stored"],
        duplicate=row["duplicate"],
        quarantined=row["quarantined"],
        errors=json.loads(row["errors"]),
        joined=row["joined"],
    )


def describe(receipt: str, apps: Sequence[str]) -> dict[str, Any]:
    """The receipt as the API shows it: `state` is queued or done.

    Raises:
        ReceiptNotFound: unknown, or of an app that is not among `apps`.
        QueueUnavailable: it is not stored, and nobody can say whether it waits.
    """
    row = storage.find_receipt(receipt, apps=tuple(apps))
    if row:
        return {"state": "done", **row, "errors": json.loads(row["errors"])}
    with queue.answering():
        queued = queue.queued_entry(receipt)
    if queued is None or queued.entry.app not in apps:
        raise ReceiptNotFound(receipt=receipt[:80])
    return {"state": "queued", **_waiting(queued)}


def _waiting(queued: QueuedEntry) -> dict[str, Any]:
    """What is known of a request before its lines are read."""
    entry = queued.entry
    outcome = Outcome(
        receipt=queued.receipt,
        received=entry.lines,
        stored=0,
        duplicate=0,
        quarantined=0,
        errors=[],
    )
    return {
        **asdict(outcome),
        "app": entry.app,
        "source": entry.source,
        "backend": "queue",
        "protocol": entry.protocol,
        "received_at": storage.iso_moment(entry.received_at),
        "done_at": None,
        "bytes": entry.size,
        "sent_bytes": len(entry.body),
        "reasons": {},
    }


def receipts_page(
    apps: Sequence[str], *, limit: int, cursor: str = "", app: str = "", **filters: Any
) -> dict[str, Any]:
    """One page of finished requests; `app` has already narrowed `apps`, `filters` as ReceiptQuery.

    Raises: as `storage.list_receipts`.
    """
    query = storage.ReceiptQuery(apps=tuple(apps), **filters)
    page = storage.list_receipts(query, limit=limit, cursor=cursor or None)
    return {"results": [{"state": "done", **row} for row in page.receipts], "next": page.next}
