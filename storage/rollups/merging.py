"""Merges the counts of days that are over, as the engine may never do by itself.

A day gets its counts by hour when its parts are merged, and the engine chooses parts by their size
and age, and never one that has hours and one that has none: what few inserts or a recount brought
would stay as it came. Nothing depends on this but how much is read.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.clickhouse.error_codes import StoreError
from storage.rollups.upkeep import PATIENCE, settled

logger = logging.getLogger(__name__)

# Some seconds are hundreds of usual days; what is left is merged by the next run.
_BUDGET_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A partition with several parts, or with one that has no hours."""

    partition: str
    is_mixed: bool


def merge_days(now: datetime, *, budget_s: float = _BUDGET_S) -> int:
    """Give each day that is over one part, with its counts by hour.

    A merge changes no count, and one that is cut off leaves the parts it began with.

    Args:
        now: aware.
        budget_s: no further day is begun after so many seconds.
    Returns:
        How many days are merged now; those with most rows that are read by the minute come first.
    Raises:
        StoreUnavailable: what is merged stays so.
    """
    began = time.monotonic()
    waiting = _unmerged(now)
    if not waiting:
        return 0
    for day in waiting:
        if time.monotonic() - began >= budget_s:
            break
        _merge(day)
    # The engine does nothing, and says nothing, where a part came or is at work meanwhile.
    left = len(_unmerged(now))
    merged = max(len(waiting) - left, 0)
    words = {"days": merged, "left": left}
    logger.info("Merged the counts of days that are over", extra=words)
    return merged


def _unmerged(now: datetime) -> list[_Day]:
    """Days that are over, as the node has them that is asked."""
    rows = client.fetch(
        "SELECT partition_id, max(has(projections, 'hours')) != min(has(projections, 'hours')) "
        "AS is_mixed FROM system.parts WHERE active AND rows > 0 "
        "AND database = currentDatabase() AND table = {table:String} "
        "AND partition_id < {today:String} GROUP BY partition_id "
        "HAVING count() > 1 OR NOT min(has(projections, 'hours')) "
        "ORDER BY sumIf(rows, NOT has(projections, 'hours')) DESC, partition_id DESC",
        {"table": stored_name("log_counts"), "today": settled(now).strftime("%Y%m%d")},
    )
    return [_Day(partition=row["partition_id"], is_mixed=bool(row["is_mixed"])) for row in rows]


def _merge(day: _Day) -> None:
    """Ask for it; retention may drop the day meanwhile, which ends the merge."""
    table = f"{stored_name('log_counts')}{cluster_clause()}"
    of_day = f"PARTITION ID '{day.partition}'"
    try:
        if day.is_mixed:  # the engine never merges a part with a projection and one without
            client.run(f"ALTER TABLE {table} MATERIALIZE PROJECTION hours IN {of_day}", **PATIENCE)
        client.run(f"OPTIMIZE TABLE {table} {of_day} FINAL", **PATIENCE)
    except StoreError:
        logger.warning("The counts of a day were not merged", extra={"day": day.partition})
