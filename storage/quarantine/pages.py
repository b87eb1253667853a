"""Quarantined lines for people: pages newest first, one line in full, reasons, counts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing

from storage.clickhouse import client
from storage.contracts import InvalidCursor, InvalidLimit
from storage.ids import NS_PER_MS
from storage.quarantine.selection import Place, RejectQuery, beyond, rejects_where
from storage.query import SqlCondition
from storage.query.instants import moment_of
from storage.records import iso_time
from storage.where import all_of

MAX_PAGE = 1_000
# A page of 1 000 lines stays below 16 MiB; `get_reject` gives one line in full.
SHOWN_BYTES = 16_384
# Figures of overview pages: late is worse than missing.
_OVERVIEW_S = 5
_SALT = "storage.quarantine.cursor"
_PART = "substring(raw, 1, {shown:UInt64})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReason:
    """Lines that were not stored for one reason, from one source.

    `raw` is the newest of them as UTF-8 with replacement characters, cut to 500; `bytes` is the
    size of all of them as they came.
    """

    app: str
    source: str
    reason_code: str
    reason: str
    lines: int
    bytes: int
    first_at: datetime
    last_at: datetime
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectPage:
    """Lines, newest first; `next` opens the page after."""

    lines: list[dict[str, Any]]
    next: str | None


def count_rejects(query: RejectQuery) -> int:
    """How many lines a query finds."""
    condition = rejects_where(query)
    sql = f"SELECT count() AS n FROM quarantine WHERE {condition.text}"
    return int(client.fetch(sql, condition.params)[0]["n"])


def list_rejects(query: RejectQuery, *, limit: int = 100, cursor: str | None = None) -> RejectPage:
    """One page of lines, newest first.

    Args:
        query: must stay the same from page to page.
        limit: 1-1000.
        cursor: `next` of the page before.
    Returns:
        `raw` is the beginning (16 KiB) as UTF-8 with replacement characters, `raw_base64` the same
        bytes where they are no UTF-8, else empty; `size_bytes` is the whole line.
    Raises:
        InvalidLimit, InvalidCursor, StoreUnavailable, QueryTooExpensive.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidLimit(highest=MAX_PAGE)
    condition = rejects_where(query)
    if cursor:
        behind = beyond(_place_of(query, cursor), is_descending=True)
        condition = all_of([condition, behind])
    rows = _rows(condition, limit + 1, shown_bytes=SHOWN_BYTES) if query.apps else []
    is_last = len(rows) <= limit
    token = None if is_last else _cursor(query, rows[limit - 1])
    return RejectPage(lines=[_shown(row) for row in rows[:limit]], next=token)


def get_reject(apps: Sequence[str], line_id: UUID) -> dict[str, Any] | None:
    """One line with all of its bytes, as in `list_rejects`, if it is of one of `apps`."""
    condition = rejects_where(RejectQuery(apps=tuple(apps), ids=(str(line_id),)))
    rows = _rows(condition, 1, shown_bytes=1 << 31) if apps else []
    return _shown(rows[0]) if rows else None


def reject_reasons(query: RejectQuery, *, limit: int = 100) -> list[RejectReason]:
    """Why lines are in quarantine, most frequent first.

    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    condition = rejects_where(query)
    rows = client.fetch(
        "SELECT app, source, reason_code, toValidUTF8(argMax(reason, received_at)) AS last_reason,"
        " count() AS lines, sum(length(raw)) AS bytes,"
        " toUnixTimestamp64Milli(min(received_at)) AS first_ms,"
        " toUnixTimestamp64Milli(max(received_at)) AS last_ms,"
        " toValidUTF8(argMax(substring(raw, 1, 500), received_at)) AS example"
        f" FROM quarantine WHERE {condition.text} GROUP BY app, source, reason_code"
        " ORDER BY lines DESC, app, source, reason_code LIMIT {limit:UInt32}",
        {**condition.params, "limit": limit},
        max_execution_time=_OVERVIEW_S,
    )
    return [
        RejectReason(
            reason=row.pop("last_reason"),
            raw=row.pop("example"),
            first_at=_moment(row.pop("first_ms")),
            last_at=_moment(row.pop("last_ms")),
            **row,
        )
        for row in rows
    ]


def _rows(condition: SqlCondition, limit: int, *, shown_bytes: int) -> list[dict[str, Any]]:
    return client.fetch(
        "SELECT toString(id) AS uuid, toUnixTimestamp64Milli(received_at) AS received_ms, app, "
        "source, protocol, receipt, line, reason_code, toValidUTF8(reason) AS reason, "
        f"toValidUTF8({_PART}) AS raw_text, "
        f"if(isValidUTF8({_PART}), '', base64Encode({_PART})) AS raw_base64, "
        f"length(raw) AS size_bytes, format FROM quarantine WHERE {condition.text} "
        f"ORDER BY received_at DESC, receipt DESC, line DESC LIMIT {int(limit)}",
        {**condition.params, "shown": shown_bytes},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["uuid"],
        "received_at": iso_time(row["received_ms"] * NS_PER_MS),
        **{name: row[name] for name in ("app", "source", "protocol", "receipt", "line")},
        "reason_code": row["reason_code"],
        "reason": row["reason"],
        "raw": row["raw_text"],
        "raw_base64": row["raw_base64"],
        "size_bytes": row["size_bytes"],
        "format": row["format"],
    }


def _cursor(query: RejectQuery, row: dict[str, Any]) -> str:
    place = [row["received_ms"], row["receipt"], row["line"], _fingerprint(query)]
    return signing.dumps(place, salt=_SALT, compress=False)


def _place_of(query: RejectQuery, cursor: str) -> Place:
    try:
        received_ms, receipt, line, fingerprint = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise InvalidCursor() from None
    if fingerprint != _fingerprint(query):
        raise InvalidCursor()
    return Place(received_ms, receipt, line)


def _fingerprint(query: RejectQuery) -> str:
    """What a cursor is bound to. The time range is not: `now-1h` moves from page to page."""
    bound = (sorted(query.apps), query.source, query.reason_code, sorted(query.ids))
    return hashlib.sha256(repr(bound).encode()).hexdigest()[:24]


def _moment(epoch_ms: int) -> datetime:
    return moment_of(epoch_ms * NS_PER_MS)
