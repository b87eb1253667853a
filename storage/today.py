"""What arrived today, by app and source."""

from collections.abc import Sequence
from datetime import UTC, datetime

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.ids import NS_PER_MS
from storage.query.instants import moment_of
from storage.where import KEPT_FROM, of_apps

# Figures of overview pages: late is worse than missing.
_OVERVIEW_S = 5


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
