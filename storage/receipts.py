"""Readers of the ledger: what became of each request."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.core import signing

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.contracts import InvalidCursor, InvalidLimit, TimeRangeReversed
from storage.ids import NS_PER_MS
from storage.query import SqlCondition
from storage.query.instants import epoch_ns, moment_of
from storage.records import iso_time
from storage.where import all_of, equals, of_apps

ReceiptState = Literal["", "done", "complete", "rejects", "duplicates"]

MAX_RECEIPTS = 1_000
KEPT = timedelta(days=31)
_SALT = "storage.receipts.cursor"
_COLUMNS = (
    "receipt, app, source, toUnixTimestamp64Milli(received_at) AS received_ms,"
    " toUnixTimestamp64Milli(done_at) AS done_ms, backend, protocol, received, stored,"
    " duplicate, quarantined, joined, bytes, sent_bytes, reasons"
)
_STATES: dict[str, str] = {
    "complete": "quarantined = 0",
    "rejects": "quarantined > 0",
    "duplicates": "duplicate > 0",
}
# The newest receipts are looked for in growing spans: the table is in the order of their names.
_SPANS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptQuery:
    """Which receipts of finished requests, by time of arrival; `end` is not included.

    `state`: "complete" (nothing in quarantine), "rejects", "duplicates"; "" and "done": all.
    """

    apps: tuple[str, ...]
    source: str = ""
    backend: str = ""
    state: ReceiptState = ""
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.start > self.end:
            raise TimeRangeReversed(start=self.start.isoformat(), end=self.end.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """Rows as of `find_receipt` without `errors`, newest first; `next` opens the page after."""

    receipts: list[dict[str, Any]]
    next: str | None


def find_receipt(receipt: str, *, apps: Sequence[str]) -> dict[str, Any] | None:
    """The row of a finished request of one of `apps`: the columns of `receipts`, times ISO-8601."""
    condition = all_of([of_apps(apps), equals("receipt", receipt)])
    rows = client.fetch(
        f"SELECT {_COLUMNS}, errors FROM receipts WHERE {condition.text} LIMIT 1", condition.params
    )
    return _shown(rows[0]) if rows else None


def list_receipts(query: ReceiptQuery, *, limit: int, cursor: str | None = None) -> ReceiptPage:
    """One page of receipts, newest first.

    Args:
        query: must stay the same from page to page.
        limit: receipts on the page, 1-1000.
        cursor: `next` of the page before.
    Raises:
        InvalidLimit, InvalidCursor, QueryTooExpensive, StoreUnavailable.
    """
    if not 1 <= limit <= MAX_RECEIPTS:
        raise InvalidLimit(highest=MAX_RECEIPTS)
    place = _place(query, cursor) if cursor else None
    newest = moment_of((place[0] + 1) * NS_PER_MS) if place else query.end
    rows: list[dict[str, Any]] = []
    for start, end in _spans(query, newest):
        rows += _rows(query, start, end, place, limit + 1 - len(rows))
        if len(rows) > limit:
            break
    following = _cursor(query, rows[limit - 1]) if len(rows) > limit else None
    return ReceiptPage(receipts=[_shown(row) for row in rows[:limit]], next=following)


def sum_receipts(*, backend: str, after: datetime, until: datetime) -> list[dict[str, Any]]:
    """What came by one way and was written after `after` and up to `until`, of all apps.

    Returns:
        One row for each app, source and protocol: stored, duplicate, quarantined, bytes, and
        `quarantined_bytes` of bodies of which nothing was stored.
    """
    return client.fetch(
        "SELECT app, source, protocol, sum(stored) AS stored, sum(duplicate) AS duplicate,"
        " sum(quarantined) AS quarantined, sum(bytes) AS bytes,"
        " sumIf(receipts.bytes, receipts.quarantined = receipts.received) AS quarantined_bytes"
        " FROM receipts"
        " WHERE backend = {backend:String}"
        " AND done_at > fromUnixTimestamp64Milli({after:Int64}, 'UTC')"
        " AND done_at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')"
        " GROUP BY app, source, protocol",
        {"backend": backend, "after": _ceil_ms(after), "until": _ceil_ms(until)},
    )


def _rows(
    query: ReceiptQuery, start: datetime, end: datetime, place: tuple[int, str] | None, limit: int
) -> list[dict[str, Any]]:
    conditions = [of_apps(query.apps), arrived(start, end)]
    named = {"source": query.source, "backend": query.backend}
    conditions += [equals(name, value) for name, value in named.items() if value]
    if query.state in _STATES:
        conditions.append(SqlCondition(text=_STATES[query.state]))
    if place:
        after = (
            "(received_at, receipt) < (fromUnixTimestamp64Milli({at:Int64}, 'UTC'), {after:String})"
        )
        conditions.append(SqlCondition(text=after, params={"at": place[0], "after": place[1]}))
    condition = all_of(conditions)
    return client.fetch(
        f"SELECT {_COLUMNS} FROM receipts WHERE {condition.text} "
        f"ORDER BY received_at DESC, receipt DESC LIMIT {int(limit)}",
        condition.params,
    )


def arrived(start: datetime, end: datetime) -> SqlCondition:
    """Came from `start` on and before `end`."""
    return SqlCondition(
        text="received_at >= fromUnixTimestamp64Milli({arrived_from:Int64}, 'UTC')"
        " AND received_at < fromUnixTimestamp64Milli({arrived_to:Int64}, 'UTC')",
        params={"arrived_from": _ceil_ms(start), "arrived_to": _ceil_ms(end)},
    )


def _ceil_ms(moment: datetime) -> int:
    return -(-epoch_ns(moment) // NS_PER_MS)


def _spans(query: ReceiptQuery, newest: datetime | None) -> Iterator[tuple[datetime, datetime]]:
    """Spans that cover the query's range from the newest back, each longer than the one before."""
    now = clock.now().astimezone(UTC)
    oldest = max(query.start or now - KEPT, now - KEPT)
    end = newest or now + timedelta(days=1)
    lengths = iter((*_SPANS, end - oldest))
    while end > oldest:
        start = max(oldest, end - next(lengths, end - oldest))
        yield start, end
        end = start


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {"received_at": row.pop("received_ms"), "done_at": row.pop("done_ms")}
    return row | {name: iso_time(ms * NS_PER_MS) for name, ms in times.items()}


def _cursor(query: ReceiptQuery, row: dict[str, Any]) -> str:
    place = [row["received_ms"], row["receipt"], _fingerprint(query)]
    return signing.dumps(place, salt=_SALT, compress=False)


def _place(query: ReceiptQuery, cursor: str) -> tuple[int, str]:
    """Where the page before ended: ms since 1970 and receipt. Raises: InvalidCursor."""
    try:
        ms, receipt, fingerprint = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise InvalidCursor() from None
    if fingerprint != _fingerprint(query):
        raise InvalidCursor()
    return ms, receipt


def _fingerprint(query: ReceiptQuery) -> str:
    """What a cursor is bound to. The time range is not: `now-1h` moves from page to page."""
    bound = (sorted(query.apps), query.source, query.backend, query.state)
    return hashlib.sha256(repr(bound).encode()).hexdigest()[:24]
