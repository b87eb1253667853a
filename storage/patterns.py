"""Which message templates a query's records have, how often, and whether that is new."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from logplatform.kernel.levels import level_of_severity
from logplatform.kernel.templates import subject_of_record, template_of
from storage.contracts import InvalidLimit, LogQuery, Pattern, PatternPage, PatternSort, Record
from storage.counts import closed, fetch_logs
from storage.query import SqlCondition
from storage.query.instants import epoch_ns, moment_of
from storage.records import COLUMNS, EVENT_NS, iso_time, record_of, took_ms
from storage.where import all_of, where

MAX_PATTERNS = 500
TREND_BUCKETS = 24
_ORDERS: dict[PatternSort, str] = {
    "count": "n DESC",
    "rare": "n",
    "new": "first DESC",
}


def list_patterns(query: LogQuery, *, limit: int = 50, sort: PatternSort = "count") -> PatternPage:
    """The templates of the records a query finds.

    Args:
        query: an open end of its range is taken from the first and last record found.
        limit: templates at most, 1-500.
        sort: `count` most frequent first, `rare` least frequent first, `new` by first occurrence.
    Returns:
        Templates with counts, the course of the counts over the range, the count in the equally
        long time before it, first and last occurrence in the range, and the newest record.
    Raises:
        InvalidLimit. Else as `search_logs`.
    """
    if not 1 <= limit <= MAX_PATTERNS:
        raise InvalidLimit(highest=MAX_PATTERNS)
    started = time.monotonic()
    query = closed(query)
    condition = _with_id(query)
    if not query.apps or query.start is None or query.end is None:
        return PatternPage(patterns=[], total=0, distinct=0, took_ms=took_ms(started))
    totals = fetch_logs("count() AS total, uniq(pattern_id) AS distinct", condition)[0]
    rows = fetch_logs(
        f"pattern_id, count() AS n, min({EVENT_NS}) AS first, max({EVENT_NS}) AS last, "
        "max(severity) AS worst, toString(argMax(id, timestamp)) AS newest",
        condition,
        f"GROUP BY pattern_id ORDER BY {_ORDERS[sort]}, pattern_id LIMIT {int(limit) + 1}",
    )
    return PatternPage(
        patterns=_patterns(query, rows[:limit]),
        **totals,
        is_truncated=len(rows) > limit,
        took_ms=took_ms(started),
    )


def _patterns(query: LogQuery, rows: list[dict[str, Any]]) -> list[Pattern]:
    if not rows:
        return []
    ids = [row["pattern_id"] for row in rows]
    examples, trends = _examples(query, rows), _trends(query, ids)
    before = _counts_before(query, ids)
    return [
        Pattern(
            pattern_id=row["pattern_id"],
            template=template_of_record(examples[row["newest"]]),
            count=row["n"],
            previous=before.get(row["pattern_id"], 0),
            trend=trends[row["pattern_id"]],
            level=level_of_severity(row["worst"]),
            first_seen=iso_time(row["first"]),
            last_seen=iso_time(row["last"]),
            example=examples[row["newest"]],
        )
        for row in rows
        # Retention may have taken it between two questions.
        if row["newest"] in examples
    ]


def find_templates(query: LogQuery, ids: Sequence[int]) -> dict[int, str]:
    """The words of the templates with these ids, as their newest record in the range has them."""
    if not ids or not query.apps:
        return {}
    rows = fetch_logs(
        f"pattern_id, max({EVENT_NS}) AS last, toString(argMax(id, timestamp)) AS newest",
        _with_id(query, [*ids]),
        "GROUP BY pattern_id",
    )
    found = _examples(query, rows)
    return {
        row["pattern_id"]: template_of_record(found[row["newest"]])
        for row in rows
        if row["newest"] in found
    }


def template_of_record(record: Record) -> str:
    """The template in words; of the whole message, where what it was made from has changed."""
    return template_of(subject_of_record(record))


def _examples(query: LogQuery, rows: list[dict[str, Any]]) -> dict[str, Record]:
    """Id → record; their times lead the engine to them."""
    newest = SqlCondition(
        text="timestamp IN (SELECT fromUnixTimestamp64Nano("
        "arrayJoin({moments:Array(Int64)}), 'UTC')) AND id IN {newest:Array(UUID)}",
        params={
            "moments": [row["last"] for row in rows],
            "newest": [row["newest"] for row in rows],
        },
    )
    found = fetch_logs(COLUMNS, all_of([where(query), newest]))
    return {row["uuid"]: record_of(row) for row in found}


def _trends(query: LogQuery, ids: list[int]) -> dict[int, list[int]]:
    """Counts over the range in `TREND_BUCKETS` equal parts."""
    if query.start is None or query.end is None:
        raise AssertionError("BUG: a trend needs a closed range")
    first_ns, end_ns = epoch_ns(query.start), epoch_ns(query.end)
    trends = {pattern_id: [0] * TREND_BUCKETS for pattern_id in ids}
    rows = fetch_logs(
        f"pattern_id, intDiv({EVENT_NS} - {{first:Int64}}, {{width:Int64}}) AS bucket, "
        "count() AS n",
        _with_id(query, ids),
        "GROUP BY pattern_id, bucket",
        first=first_ns,
        width=max(1, -(-(end_ns - first_ns) // TREND_BUCKETS)),
    )
    for row in rows:
        trends[row["pattern_id"]][row["bucket"]] = row["n"]
    return trends


def _counts_before(query: LogQuery, ids: list[int]) -> dict[int, int]:
    """Counts in the time before the range that is as long as it."""
    if query.start is None or query.end is None:
        raise AssertionError("BUG: the time before needs a closed range")
    earlier = epoch_ns(query.start) * 2 - epoch_ns(query.end)
    before = replace(query, start=moment_of(earlier), end=query.start)
    rows = fetch_logs("pattern_id, count() AS n", _with_id(before, ids), "GROUP BY pattern_id")
    return {row["pattern_id"]: row["n"] for row in rows}


def _with_id(query: LogQuery, ids: list[int] | None = None) -> SqlCondition:
    """Records of these templates, or of any; those of before there were ids have 0."""
    known = SqlCondition(text="pattern_id != 0")
    if ids is not None:
        known = SqlCondition(text="pattern_id IN {ids:Array(UInt64)}", params={"ids": ids})
    return all_of([where(query), known])
