"""Readers of receipts and quarantine: what became of lines, and why; and what arrived today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.ids import NS_PER_MS
from storage.query.instants import moment_of
from storage.records import iso_time
from storage.where import KEPT_FROM, all_of, equals, of_apps

MAX_QUARANTINE = 1_000
# Figures of overview pages: late is worse than missing.
_OVERVIEW_S = 5


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


def find_receipt(receipt: str, *, apps: Sequence[str]) -> dict[str, Any] | None:
    """The row of a finished request of one of `apps`: the columns of `receipts`, times ISO-8601."""
    condition = all_of([of_apps(apps), equals("receipt", receipt)])
    rows = client.fetch(
        "SELECT receipt, app, source, toUnixTimestamp64Milli(received_at) AS received_ms, "
        "toUnixTimestamp64Milli(done_at) AS done_ms, backend, protocol, received, stored, "
        f"duplicate, quarantined, bytes, errors FROM receipts WHERE {condition.text} LIMIT 1",
        condition.params,
    )
    return _with_times(rows[0], received="received_at", done="done_at") if rows else None


def count_quarantine(apps: Sequence[str]) -> int:
    """Lines of these apps in quarantine."""
    condition = of_apps(apps)
    sql = f"SELECT count() AS n FROM quarantine WHERE {condition.text}"
    return int(client.fetch(sql, condition.params)[0]["n"])


def list_quarantine(
    apps: Sequence[str], *, source: str = "", reason_code: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """The newest quarantined lines, at most 1 000; bytes that are no UTF-8 show as `�`."""
    named = {"source": source, "reason_code": reason_code}
    filters = [equals(name, value) for name, value in named.items() if value]
    condition = all_of([of_apps(apps), *filters])
    rows = client.fetch(
        "SELECT toString(id) AS uuid, toUnixTimestamp64Milli(received_at) AS received_ms, app, "
        "source, protocol, receipt, line, reason_code, toValidUTF8(reason) AS reason, "
        f"toValidUTF8(raw) AS raw, format FROM quarantine WHERE {condition.text} "
        f"ORDER BY received_at DESC, receipt, line LIMIT {min(max(int(limit), 1), MAX_QUARANTINE)}",
        condition.params,
    )
    return [{"id": row.pop("uuid"), **_with_times(row, received="received_at")} for row in rows]


def reject_reasons(apps: Sequence[str], *, since: datetime, limit: int = 100) -> list[RejectReason]:
    """Why lines that came after `since` are in quarantine, most frequent first.

    Args:
        apps: slugs the caller may see.
        since: aware; by time of receipt.
        limit: reasons at most.
    Raises:
        StoreUnavailable, QueryTooExpensive, StoreError.
    """
    condition = of_apps(apps)
    rows = client.fetch(
        "SELECT app, source, reason_code, any(reason) AS reason, count() AS lines,"
        " toUnixTimestamp64Milli(min(received_at)) AS first_ms,"
        " toUnixTimestamp64Milli(max(received_at)) AS last_ms,"
        " toValidUTF8(argMax(substring(raw, 1, 500), received_at)) AS raw"
        f" FROM quarantine WHERE {condition.text}"
        " AND received_at >= {since:DateTime64(3)} GROUP BY app, source, reason_code"
        " ORDER BY lines DESC, app, source LIMIT {limit:UInt32}",
        {**condition.params, "since": since.astimezone(UTC), "limit": limit},
        max_execution_time=_OVERVIEW_S,
    )
    return [
        RejectReason(
            first_at=_moment(row.pop("first_ms")), last_at=_moment(row.pop("last_ms")), **row
        )
        for row in rows
    ]


def lines_today(apps: Sequence[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
    """(app, source) → lines received since midnight UTC, and when the last one came."""
    condition = of_apps(apps)
    rows = client.fetch(
        "SELECT app, source, count() AS n, toUnixTimestamp64Milli(max(received_at)) AS last_ms "
        f"FROM logs WHERE {condition.text} AND received_at >= {{today:Date}} "
        f"AND toDate({KEPT_FROM}) >= {{today:Date}} GROUP BY app, source",
        {**condition.params, "today": clock.now().astimezone(UTC).date()},
        max_execution_time=_OVERVIEW_S,
    )
    return {(row["app"], row["source"]): (row["n"], _moment(row["last_ms"])) for row in rows}


def _moment(epoch_ms: int) -> datetime:
    return moment_of(epoch_ms * NS_PER_MS)


def _with_times(row: dict[str, Any], **names: str) -> dict[str, Any]:
    """Replace `<x>_ms` by an ISO-8601 time under its name."""
    times = {name: iso_time(row.pop(f"{stem}_ms") * NS_PER_MS) for stem, name in names.items()}
    return row | times
