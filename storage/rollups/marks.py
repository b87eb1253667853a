"""Days of apps whose counts cannot be believed, and are counted from their lines.

What a process knows of marks it believes for a moment, as a page asks many questions at once; who
marks a day waits until nobody believes anything older.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from storage.clickhouse import client
from storage.where import of_apps

# The severity of a mark.
MARK = 255
# How long what is known of marks is believed.
BELIEVED_S = 1.0
# Of inserts into the counts that no token names, of any number of days.
ALL_AT_ONCE: dict[str, Any] = {"insert_deduplicate": 0, "max_partitions_per_insert_block": 0}
_MOST_KNOWN = 1_000

AppDay = tuple[str, str]
_known: dict[tuple[str, ...], tuple[float, list[AppDay]]] = {}


def mark(days: Iterable[AppDay]) -> None:
    """Have these days counted from their lines, by every process once this returns."""
    rows = list(days)
    if not rows:
        return
    client.run(
        "INSERT INTO log_counts (app, day, minute, severity) "
        f"SELECT pair.1, pair.2, toDateTime64(0, 9, 'UTC'), {MARK} "
        "FROM (SELECT arrayJoin({days:Array(Tuple(String, Date))}) AS pair)",
        {"days": rows},
        **ALL_AT_ONCE,
    )
    time.sleep(BELIEVED_S)
    forget_marks()


def marked_days(apps: Sequence[str]) -> list[AppDay]:
    """(app, day) that have to be counted from the lines."""
    key, now = tuple(sorted(apps)), time.monotonic()
    known = _known.get(key)
    if known and now < known[0]:
        return known[1]
    mine = of_apps(apps)
    rows = client.fetch(
        f"SELECT DISTINCT app, day FROM log_counts WHERE {mine.text} "
        f"AND minute = toDateTime64(0, 9, 'UTC') AND severity = {MARK} ORDER BY app, day",
        mine.params,
    )
    found = [(row["app"], row["day"]) for row in rows]
    if len(_known) >= _MOST_KNOWN:
        forget_marks()
    _known[key] = (now + BELIEVED_S, found)
    return found


def forget_marks() -> None:
    """Ask anew at the next question."""
    _known.clear()
