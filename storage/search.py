"""Pages of records and single records: keyset paging, signed cursors, never OFFSET."""

import hashlib
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core import signing

from storage.clickhouse import client
from storage.contracts import InvalidCursor, InvalidLimit, LogQuery, Order, Record, SearchPage
from storage.ids import record_time_range
from storage.query import SqlCondition, is_lookup, parse_query
from storage.query.instants import MAX_NS, MIN_NS, epoch_ns
from storage.records import COLUMNS, record_of, took_ms
from storage.stretches import FIRST_WIDTH, Span, cut, next_width, reach
from storage.where import all_of, at_time, instant, of_apps, where

MAX_LIMIT = 1_000
_SALT = "storage.search.cursor"
# With the first, parts are read on far beyond their first match before they are merged; with the
# second, the filter of a query is run after all its columns were read, instead of while reading.
# The third keeps what was decompressed for lines of a page: who looks for them does so repeatedly.
_OF_PAGES = {
    "read_in_order_use_buffering": 0,
    "use_top_k_dynamic_filtering": 0,
    "use_uncompressed_cache": 1,
}

# How far the last full page of a question reached; by what a cursor is bound to.
_reached: dict[str, int] = {}
_MAX_REACHED = 10_000

# The event time of a record in ns since 1970, and its id.
Place = tuple[int, str]


def search_logs(query: LogQuery, *, limit: int, cursor: str | None = None) -> SearchPage:
    """One page of records, newest first unless the query says otherwise.

    Args:
        query: what to find; apps, filters, `q` and order must stay the same from page to page.
        limit: records on the page, 1-1000.
        cursor: `next` of the page before.
    Raises:
        InvalidLimit, InvalidCursor, QueryError, QueryTooComplex, QueryTooExpensive,
        StoreUnavailable.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidLimit(highest=MAX_LIMIT)
    started = time.monotonic()
    rows = _page(query, limit + 1, _place(query, cursor) if cursor else None)
    is_truncated = len(rows) > limit
    return SearchPage(
        records=[record_of(row) for row in rows[:limit]],
        next=_cursor(query, rows[limit - 1]) if is_truncated else None,
        is_truncated=is_truncated,
        took_ms=took_ms(started),
    )


def get_log(apps: Sequence[str], record_id: UUID) -> Record | None:
    """The record with this id, if it belongs to one of `apps`; its id tells when to look."""
    span = record_time_range(record_id)
    if span is None or not apps:
        return None
    found = read_rows(
        all_of(
            [
                of_apps(apps),
                at_time("from", ">=", span[0]),
                at_time("to", "<", span[1]),
                SqlCondition(text="id = {id:UUID}", params={"id": str(record_id)}),
            ]
        ),
        "desc",
        1,
    )
    return record_of(found[0]) if found else None


def read_rows(condition: SqlCondition, order: Order, limit: int) -> list[dict[str, Any]]:
    """The first rows of `COLUMNS` in this order."""
    way = "ASC" if order == "asc" else "DESC"
    return client.fetch(
        f"SELECT {COLUMNS} FROM logs {condition.clause} "
        f"ORDER BY timestamp {way}, id {way} LIMIT {int(limit)}",
        condition.params,
        **_OF_PAGES,
    )


def read_spread(
    condition: SqlCondition, order: Order, limit: int, span: Span, width: int = FIRST_WIDTH
) -> list[dict[str, Any]]:
    """As `read_rows`, of the lines of a span: stretch by stretch, until there are enough.

    `width` is that of the first stretch, in ns.
    """
    rows: list[dict[str, Any]] = []
    left: Span | None = span
    while left and len(rows) < limit:
        (low, high), left = cut(left, order, width)
        ends = [
            at_time(name, operator, ns)
            for name, operator, ns in (("low", ">=", low), ("high", "<", high))
            if MIN_NS < ns < MAX_NS
        ]
        found = read_rows(all_of([condition, *ends]), order, limit - len(rows))
        rows += found
        width = next_width(width, found=len(found), missing=limit - len(rows))
    return rows


def _page(query: LogQuery, limit: int, place: Place | None) -> list[dict[str, Any]]:
    condition = where(query)
    if not query.apps:
        return []
    low = MIN_NS if query.start is None else epoch_ns(query.start)
    high = MAX_NS if query.end is None else epoch_ns(query.end)
    if place:
        condition = all_of([condition, beyond(*place, query.order)])
        low, high = (place[0], high) if query.order == "asc" else (low, place[0] + 1)
    if is_lookup(parse_query(query.q)):
        return _look_up(query, condition, limit, (low, high))
    return read_spread(condition, query.order, limit, (low, high))


def _look_up(
    query: LogQuery, condition: SqlCondition, limit: int, span: Span
) -> list[dict[str, Any]]:
    """Lines that an index finds: at once, unless a page was full after a part of the range.

    The index says where a rare word is, but a frequent one is everywhere. Which of them it is, the
    page before or the same page a moment ago has shown; a wrong guess costs a question more.
    """
    key = _fingerprint(query)
    width = _reached.get(key)
    if width is None:
        rows = read_rows(condition, query.order, limit)
    else:
        rows = read_spread(condition, query.order, limit, span, width)
    if len(rows) < limit:
        _reached.pop(key, None)
    else:
        if len(_reached) >= _MAX_REACHED:
            _reached.clear()
        _reached[key] = reach(span, query.order, rows[-1]["timestamp_ns"])
    return rows


def _cursor(query: LogQuery, row: dict[str, Any]) -> str:
    place = [row["timestamp_ns"], row["uuid"], _fingerprint(query)]
    return signing.dumps(place, salt=_SALT, compress=False)


def _place(query: LogQuery, cursor: str) -> Place:
    """Where the page before ended. Raises: InvalidCursor."""
    try:
        ns, record_id, fingerprint = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise InvalidCursor() from None
    if fingerprint != _fingerprint(query):
        raise InvalidCursor()
    return ns, record_id


def beyond(ns: int, record_id: str, order: Order) -> SqlCondition:
    """Records after one in this order: its event time in ns since 1970, and its id."""
    point, compare = instant("at", ns), "<" if order == "desc" else ">"
    text = (
        f"timestamp {compare}= {point.text} AND "
        f"(timestamp, id) {compare} ({point.text}, {{after:UUID}})"
    )
    return SqlCondition(text=text, params={**point.params, "after": record_id})


def _fingerprint(query: LogQuery) -> str:
    """What a cursor is bound to. The time range is not: `now-1h` moves from page to page."""
    bound = (sorted(query.apps), query.q, query.order) + tuple(
        sorted(values) for values in (query.level, query.service, query.host, query.source)
    )
    return hashlib.sha256(repr(bound).encode()).hexdigest()[:24]
