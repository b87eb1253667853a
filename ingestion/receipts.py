"""What became of requests: read from the ledger in the store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ingestion import queue
from ingestion.contracts import Outcome
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
    )


def describe(receipt: str, apps: Sequence[str]) -> dict[str, object]:
    """The receipt as the API shows it: `state` is queued or done.

    Raises:
        ReceiptNotFound: unknown, or of an app that is not among `apps`.
    """
    outcome = find_outcome(receipt, apps)
    if outcome:
        return {"state": "done", **asdict(outcome)}
    queued = queue.queued_entry(receipt)
    if queued is None or queued.entry.app not in apps:
        raise ReceiptNotFound(receipt=receipt[:80])
    waiting = Outcome(
        receipt=receipt,
        received=queued.entry.lines,
        stored=0,
        duplicate=0,
        quarantined=0,
        errors=[],
    )
    return {"state": "queued", **asdict(waiting)}
