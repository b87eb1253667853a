"""Figures for people who manage apps: why lines were not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.clickhouse import client

# Figures on overview pages: wrong by a second is fine, slow is not.
_LIMITS = {"max_execution_time": 5, "timeout_overflow_mode": "throw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReason:
    """Lines that were not stored for one reason, from one source.

    `raw` is the newest of them as UTF-8 with replacement characters, cut to 500.
    """

    app: str
    source: str
    reason_code: str
    reason: str
    lines: int
    first_at: datetime
    last_at: datetime
    raw: str


def reject_reasons(apps: Sequence[str], *, since: datetime, limit: int = 100) -> list[RejectReason]:
    """Why lines that came after `since` are in quarantine, most frequent first.

    Args:
        apps: slugs the caller may see.
        since: aware; by time of receipt.
        limit: reasons at most.
    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    rows = client.fetch(
        "SELECT app, source, reason_code, any(reason) AS reason, count() AS lines,"
        " toUnixTimestamp64Milli(min(received_at)) AS first_ms,"
        " toUnixTimestamp64Milli(max(received_at)) AS last_ms,"
        " toValidUTF8(argMax(substring(raw, 1, 500), received_at)) AS raw"
        " FROM quarantine WHERE app IN {apps:Array(String)}"
        " AND received_at >= {since:DateTime64(3)} GROUP BY app, source, reason_code"
        " ORDER BY lines DESC, app, source LIMIT {limit:UInt32}",
        {"apps": list(apps), "since": since.astimezone(UTC), "limit": limit},
        **_LIMITS,
    )
    return [
        RejectReason(first_at=_time(row.pop("first_ms")), last_at=_time(row.pop("last_ms")), **row)
        for row in rows
    ]


def _time(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
