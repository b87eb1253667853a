"""Removing quarantined lines: after they were stored, by hand, or because there are too many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.ids import NS_PER_MS
from storage.quarantine.batches import Batch
from storage.quarantine.pages import count_rejects
from storage.quarantine.selection import RejectQuery, between, rejects_where
from storage.query import SqlCondition
from storage.query.instants import moment_of
from storage.where import all_of

# The engine takes a parameter of up to 128 KiB.
_IDS_A_PARAMETER = 2_500
_PATIENCE: dict[str, Any] = {"mutations_sync": 2, "lightweight_deletes_sync": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineSize:
    """What an app has in quarantine; `bytes` counts the lines as they came."""

    app: str
    lines: int
    bytes: int
    oldest: datetime


def delete_rejects(query: RejectQuery) -> int:
    """Remove the lines a query finds; doing it again removes nothing more.

    Returns:
        How many there were.
    Raises:
        StoreUnavailable, StoreError: some may be removed.
    """
    lines = count_rejects(query)
    if lines:
        _delete(rejects_where(query))
    return lines


def delete_batch(query: RejectQuery, batch: Batch) -> None:
    """Remove the lines of a batch at once. Errors: as `delete_rejects`.

    A removal costs the engine the same for one line as for thousands: one statement, many ids.
    """
    if batch.ids:
        span = between(batch.first, batch.last)
        _delete(all_of([rejects_where(query), span, _any_of(batch.ids)]))


def _any_of(ids: Sequence[str]) -> SqlCondition:
    parts = {
        f"ids{start}": list(ids[start : start + _IDS_A_PARAMETER])
        for start in range(0, len(ids), _IDS_A_PARAMETER)
    }
    text = " OR ".join(f"id IN {{{name}:Array(UUID)}}" for name in parts)
    return SqlCondition(text=text, params=parts)


def _delete(condition: SqlCondition) -> None:
    client.run(
        f"DELETE FROM {stored_name('quarantine')}{cluster_clause()} WHERE {condition.text}",
        condition.params,
        **_PATIENCE,
    )


def quarantine_sizes() -> list[QuarantineSize]:
    """What each app has in quarantine."""
    rows = client.fetch(
        "SELECT app, count() AS lines, sum(length(raw)) AS bytes,"
        " toUnixTimestamp64Milli(min(received_at)) AS oldest_ms FROM quarantine GROUP BY app"
        " ORDER BY app"
    )
    return [
        QuarantineSize(oldest=moment_of(row.pop("oldest_ms") * NS_PER_MS), **row) for row in rows
    ]


def newest_beyond(app: str, *, keep_bytes: int) -> datetime | None:
    """When the newest line came that does not fit into `keep_bytes` with all that came after it."""
    rows = client.fetch(
        "SELECT toUnixTimestamp64Milli(max(received_at)) AS at_ms FROM ("
        " SELECT received_at, sum(size) OVER (ORDER BY received_at DESC) AS total FROM ("
        "  SELECT received_at, sum(length(raw)) AS size FROM quarantine"
        "  WHERE app = {app:String} GROUP BY received_at))"
        " WHERE total > {keep:UInt64} HAVING count() > 0",
        {"app": app, "keep": keep_bytes},
    )
    return moment_of(rows[0]["at_ms"] * NS_PER_MS) if rows else None


def free_quarantine_space() -> None:
    """Have removed lines taken off the disk."""
    rows = client.fetch(
        "SELECT DISTINCT partition_id FROM system.parts WHERE active AND has_lightweight_delete "
        "AND database = currentDatabase() AND table = {table:String}",
        {"table": stored_name("quarantine")},
    )
    for partition in sorted(row["partition_id"] for row in rows):
        client.run(
            f"ALTER TABLE {stored_name('quarantine')}{cluster_clause()} "
            f"APPLY DELETED MASK IN PARTITION ID '{partition}'",
            **_PATIENCE,
        )
