"""Keeps the counts true where the engine cannot: after deletes, and for days from before.

A day of an app is marked before its lines change, so that it is counted from its lines whatever
happens then; it is counted again, compared, and only then is the mark taken off.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.rollups.marks import ALL_AT_ONCE, MARK, AppDay, forget_marks, mark
from storage.where import KEPT_FROM

logger = logging.getLogger(__name__)

# Lines that were queued at midnight may still come to the day before.
_SETTLED = timedelta(hours=1)
# Of statements that rewrite days: they return once it is done, however long that takes.
PATIENCE: dict[str, Any] = {"mutations_sync": 2, "max_execution_time": 0}
_MINE = "app = {app:String} AND day = {day:Date}"
_ITS_LINES = f"app = {{app:String}} AND toDate({KEPT_FROM}) = {{day:Date}}"


def drop_day(partition: str) -> None:
    """Forget the counts of a day whose lines go as a whole."""
    client.run(
        f"ALTER TABLE {stored_name('log_counts')}{cluster_clause()} "
        f"DROP PARTITION ID '{partition}'",
        **PATIENCE,
    )


def recount_marked(now: datetime, *, most: int = 200) -> int:
    """Count marked days again that no line comes to any more.

    Args:
        now: aware.
        most: days at most, the latest first.
    Returns:
        How many are counted and unmarked now.
    Raises:
        StoreUnavailable, StoreError: what is still marked stays right, and is tried again.
    """
    return sum(_recount(app, day) for app, day in _marked_days(settled(now), most=most))


def mark_differences(now: datetime) -> list[AppDay]:
    """Compare all settled days with their lines, and mark those that differ."""
    rows = client.fetch(
        "SELECT app, day FROM ("
        f"SELECT app, day, toInt64(lines) AS n FROM log_counts WHERE severity != {MARK} "
        f"UNION ALL SELECT app, toDate({KEPT_FROM}) AS day, -toInt64(count()) AS n "
        "FROM logs GROUP BY app, day"
        ") WHERE day < {today:Date} GROUP BY app, day HAVING sum(n) != 0",
        {"today": settled(now)},
        max_execution_time=600,
    )
    known = set(_marked_days(settled(now), most=1_000_000))
    found = [pair for row in rows if (pair := (row["app"], row["day"])) not in known]
    if found:
        logger.warning("Counts differ from lines; counting again", extra={"days": len(found)})
        mark(found)
    return found


def _marked_days(before: date, *, most: int) -> list[AppDay]:
    rows = client.fetch(
        "SELECT DISTINCT app, day FROM log_counts WHERE minute = toDateTime64(0, 9, 'UTC') "
        f"AND severity = {MARK} AND day < {{before:Date}} ORDER BY day DESC LIMIT {int(most)}",
        {"before": before},
    )
    return [(row["app"], row["day"]) for row in rows]


def settled(now: datetime) -> date:
    """Days before this one get no line any more."""
    return (now - _SETTLED).astimezone(UTC).date()


def _recount(app: str, day: str) -> bool:
    """Whether the counts of a marked day equal its lines now; only then is the mark taken off."""
    params = {"app": app, "day": day}
    _delete(f"{_MINE} AND severity != {MARK}", params)
    client.run(_insert_sql(), params, max_execution_time=0, **ALL_AT_ONCE)
    lines = client.fetch(f"SELECT count() AS n FROM logs WHERE {_ITS_LINES}", params)
    counted = client.fetch(
        f"SELECT sum(lines) AS n FROM log_counts WHERE {_MINE} AND severity != {MARK}", params
    )
    if lines[0]["n"] != counted[0]["n"]:
        return False
    _delete(f"{_MINE} AND severity = {MARK}", params)
    forget_marks()
    return True


def _insert_sql() -> str:
    """The view's own question, asked of one day."""
    from storage.clickhouse.migrate import migrations

    (view,) = migrations()["0006_counts"].views
    columns = "app, day, minute, service, source, severity, lines, earliest, latest"
    return (
        f"INSERT INTO log_counts ({columns}) {view.select} FROM logs "
        f"WHERE {_ITS_LINES} {view.group}"
    )


def _delete(condition: str, params: dict[str, Any]) -> None:
    partition = params["day"].replace("-", "")
    client.run(
        f"ALTER TABLE {stored_name('log_counts')}{cluster_clause()} "
        f"DELETE IN PARTITION ID '{partition}' WHERE {condition}",
        params,
        **PATIENCE,
    )
