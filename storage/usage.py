"""Figures for people who manage apps: today's lines, why lines were not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from logplatform.kernel import clock
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


def lines_today(apps: Sequence[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
    """What each source sent since midnight UTC.

    Args:
        apps: slugs the caller may see.
    Returns:
        (app, source) → (lines stored, when the last one was received); silent sources are absent.
    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    rows = client.fetch(
        "SELECT app, source, count() AS lines, toUnixTimestamp64Milli(max(received_at)) AS last_ms"
        " FROM logs WHERE app IN {apps:Array(String)}"
        " AND toDate(greatest(timestamp, toDateTime64(received_at, 9, 'UTC'))) >= {today:Date}"
        " AND received_at >= {today:Date} GROUP BY app, source",
        {"apps": list(apps), "today": clock.now().astimezone(UTC).date()},
        **_LIMITS,
    )
    return {(row["app"], row["source"]): (row["lines"], _time(row["last_ms"])) for row in rows}


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
        " FROM quarantine WHERE app IN {apps:Array(String)} AND received_at >= {since:DateTime64(3)}"
        " GROUP BY app, source, reason_code ORDER BY lines DESC, app, source LIMIT {limit:UInt32}",
        {"apps": list(apps), "since": since.astimezone(UTC), "limit": limit},
        **_LIMITS,
    )
    return [
        RejectReason(first_at=_time(row.pop("first_ms")), last_at=_time(row.pop("last_ms")), **row)
        for row in rows
    ]


def _time(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
