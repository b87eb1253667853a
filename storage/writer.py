"""Writes records, quarantine and receipts, each under a token that makes a retry harmless."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from logplatform.kernel import clock
from storage.clickhouse import client

if TYPE_CHECKING:
    import polars as pl

# One bad clock may spread an insert over many days; it must not make the insert fail for ever.
_INSERT = {
    "max_partitions_per_insert_block": 0,
    "max_insert_block_size": 1_048_576,
    "input_format_arrow_allow_missing_columns": 0,
}
_QUARANTINE = ("received_at", "app", "source", "protocol", "receipt", "line") + (
    "reason_code", "reason", "raw", "format", "header"
)  # fmt: skip
_RECEIPTS = ("receipt", "app", "source", "received_at", "done_at", "backend", "protocol") + (
    "received", "stored", "duplicate", "quarantined", "bytes", "errors", "id_key", "sent_bytes",
    "reasons", "joined"
)  # fmt: skip


def write_logs(frame: "pl.DataFrame", *, token: str) -> None:
    """Store records; returns once they are on disk and searchable.

    Args:
        frame: record frame with `app`, `source`, `received_at`, `entry_key`, `sequence`. Ids are
            added.
        token: names this very frame; writing it again under the same token stores nothing, so
            other rows must never come under a token that was used.
    Raises:
        StoreUnavailable: nothing is known to be stored; repeat with the same frame and token.
        StoreError: the engine refuses these rows.
    """
    from storage.clickhouse.arrow import LOG_COLUMNS, log_block

    if len(frame):
        client.insert("logs", LOG_COLUMNS, log_block(frame), fmt="ArrowStream", **_under(token))


def write_quarantine(frame: "pl.DataFrame", *, token: str) -> None:
    """Store lines that could not be read, with the reason. Arguments and errors: as `write_logs`.

    Args:
        frame: received_at, app, source, protocol, receipt, line, reason_code, reason, raw (any
            bytes), format, header (of the table the line is a row of).
        token: as in `write_logs`; tables do not share tokens.
    """
    from storage.clickhouse.arrow import text_block

    if not len(frame):
        return
    plain = frame.select(_QUARANTINE)
    body = text_block(plain, ids=_quarantine_ids(plain))
    client.insert("quarantine", (*_QUARANTINE, "id"), body, fmt="ArrowStream", **_under(token))


def write_receipts(rows: Sequence[Mapping[str, Any]], *, token: str) -> None:
    """Store what became of requests, one row each. Errors: as `write_logs`.

    Args:
        rows: receipt, app, source, received_at, backend, protocol, received, stored,
            duplicate, quarantined, joined, bytes, sent_bytes (as sent), reasons (code → lines),
            errors (JSON text), id_key (of its lines); `done_at` is now.
        token: as in `write_logs`.
    """
    if not rows:
        return
    done = {"done_at": clock.now()}
    body = b"\n".join(orjson.dumps({**row, **done}) for row in rows)
    client.insert(
        "receipts",
        _RECEIPTS,
        body,
        fmt="JSONEachRow",
        date_time_input_format="best_effort",
        **_under(token),
    )


def _under(token: str) -> dict[str, Any]:
    return {**_INSERT, "insert_deduplication_token": token}


def _quarantine_ids(frame: "pl.DataFrame") -> bytes:
    """Stable ids: the same line of the same request has the same one.

    One at a time, for refused lines only: polars has no hash of 16 bytes that stays the same.
    """
    names = zip(frame["receipt"], frame["line"], strict=True)
    return b"".join(
        hashlib.blake2b(f"{receipt}:{line}".encode(), digest_size=16).digest()
        for receipt, line in names
    )
