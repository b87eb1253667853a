"""What became of requests: read from the ledger in the store."""

import json
from collections.abc import Sequence

from ingestion import queue
from ingestion.contracts import Outcome
from ingestion.errors import ReceiptNotFound
from storage import facade as storage


def find_outcome(receipt: str, apps: Sequence[str]) -> Outcome | None:
    """The outcome of a finished request of one of `apps`."""
    row = storage.find_receipt(receipt, apps=tuple(apps))
    if row is None:
        return None
    return Outcome(
        receipt=receipt,
        received=row["received"],
        stored=row["stored"],
        duplicate=row["duplicate"],
        quarantined=row["quarantined"],
        errors=json.loads(row["errors"]),
    )


def describe(receipt: str, apps: Sequence[str]) -> dict[str, object]:
    """The receipt as the API shows it: `state` is queued or done.

    Raises:
        ReceiptNotFound: unknown, or of an app that is not among `apps`.
    """
    outcome = find_outcome(receipt, apps)
    if outcome:
        return {
            "receipt": receipt,
            "state": "done",
            "received": outcome.received,
            "stored": outcome.stored,
            "duplicate": outcome.duplicate,
            "quarantined": outcome.quarantined,
            "errors": outcome.errors,
        }
    queued = queue.queued_entry(receipt)
    if queued is None or queued.entry.app not in apps:
        raise ReceiptNotFound(receipt=receipt[:80])
    return {
        "receipt": receipt,
        "state": "queued",
        "received": queued.entry.lines,
        "stored": 0,
        "duplicate": 0,
        "quarantined": 0,
        "errors": [],
    }
