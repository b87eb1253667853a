"""Readers of receipts: what became of lines; and what arrived today."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.ids import NS_PER_MS
from storage.query.instants import moment_of
from storage.records import iso_time
from storage.where import KEPT_FROM, all_of, equals, of_apps

# Figures of overview pages: late is worse than missing.
_OVERVIEW_S = 5


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
