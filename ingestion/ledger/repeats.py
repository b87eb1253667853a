"""Writes bodies that came again into the ledger, where each line of theirs is a duplicate.

The door answers them with the receipt of the first and writes nothing; the queue notes them.
"""

import hashlib
from typing import Any

from ingestion import queue
from storage import facade as storage

PREFIX = "repeat-"


def book_repeats() -> int:
    """Write what was noted since the last time; returns how many rows. Again changes nothing.

    Raises:
        redis.RedisError, StoreUnavailable: the next run writes the same.
    """
    name, repeats = queue.take_repeats()
    rows = sorted((_row(repeat, name) for repeat in repeats), key=_by_time)
    storage.write_receipts_once(rows, token=f"{PREFIX}{name}")
    if name:
        queue.forget_repeats()
    return len(rows)


def first_of(receipt: str) -> str:
    """The receipt that the bodies of a row of repeats were answered with; "" for any other."""
    if not receipt.startswith(PREFIX):
        return ""
    first = receipt.removeprefix(PREFIX).rpartition(":")[0]
    return first if "-" in first else ""


def _row(repeat: queue.Repeat, name: str) -> dict[str, Any]:
    of = repeat.first or _digest(f"{repeat.app}/{repeat.source}/{repeat.protocol}").hex()
    receipt = f"{PREFIX}{of}:{name}"
    return {
        "receipt": receipt,
        "app": repeat.app,
        "source": repeat.source,
        "protocol": repeat.protocol,
        "backend": "queue",
        "received_at": repeat.last_at,
        "received": repeat.lines,
        "stored": 0,
        "duplicate": repeat.lines,
        "quarantined": 0,
        "joined": 0,
        "bytes": repeat.bytes,
        "sent_bytes": repeat.sent_bytes,
        "reasons": {},
        "errors": "[]",
        # A key of its own: nothing is expected in the store.
        "id_key": storage.id_key(int.from_bytes(_digest(receipt), "big")),
    }


def _by_time(row: dict[str, Any]) -> Any:
    return row["received_at"], row["receipt"]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
