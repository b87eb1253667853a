"""Readers of receipts and quarantine, and what arrived today."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.ids import NS_PER_MS
from storage.query import SqlCondition
from storage.query.instants import moment_of
from storage.records import iso_time
from storage.where import KEPT_FROM, all_of, of_apps

MAX_QUARANTINE = 1_000


def find_receipt(receipt: str, *, apps: Sequence[str]) -> dict[str, Any] | None:
    """The row of a finished request of one of `apps`: the columns of `receipts`, times ISO-8601."""
    condition = all_of(
        [of_apps(apps), SqlCondition(text="receipt = {id:String}", params={"id": receipt})]
    )
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
    filters = [
        SqlCondition(text=f"{name} = {{{name}:String}}", params={name: value})
        for name, value in named.items()
        if value
    ]
    condition = all_of([of_apps(apps), *filters])
    rows = client.fetch(
        "SELECT toString(id) AS uuid, toUnixTimestamp64Milli(received_at) AS received_ms, app, "
        "source, protocol, receipt, line, reason_code, toValidUTF8(reason) AS reason, "
        f"toValidUTF8(raw) AS raw, format FROM quarantine WHERE {condition.text} "
        f"ORDER BY received_at DESC, receipt, line LIMIT {min(max(int(limit), 1), MAX_QUARANTINE)}",
        condition.params,
    )
    return [{"id": row.pop("uuid"), **_with_times(row, received="received_at")} for row in rows]


def lines_today(apps: Sequence[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
    """(app, source) → lines received since midnight UTC, and when the last one came."""
    condition = of_apps(apps)
    rows = client.fetch(
        "SELECT app, source, count() AS n, toUnixTimestamp64Milli(max(received_at)) AS last_ms "
        f"FROM logs WHERE {condition.text} AND received_at >= {{today:Date}} "
        f"AND toDate({KEPT_FROM}) >= {{today:Date}} GROUP BY app, source",
        {**condition.params, "today": clock.now().astimezone(UTC).date()},
        max_execution_time=5,
    )
    return {
        (row["app"], row["source"]): (row["n"], moment_of(row["last_ms"] * NS_PER_MS))
        for row in rows
    }


def _with_times(row: dict[str, Any], **names: str) -> dict[str, Any]:
    """Replace `<x>_ms` by an ISO-8601 time under its name."""
    times = {name: iso_time(row.pop(f"{stem}_ms") * NS_PER_MS) for stem, name in names.items()}
    return row | times
