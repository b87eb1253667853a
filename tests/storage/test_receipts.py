"""Lists of receipts: newest first, page by page, only of one's own apps."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from logplatform.kernel import clock
from storage import facade
from storage.facade import InvalidCursor, InvalidLimit, ReceiptQuery, TimeRangeReversed
from tests.storage.records import AT

pytestmark = pytest.mark.usefixtures("clickhouse")

HOUR = timedelta(hours=1)
ROW: dict[str, Any] = {
    "app": "shop",
    "source": "web",
    "received_at": AT,
    "backend": "queue",
    "protocol": "native",
    "received": 3,
    "stored": 2,
    "duplicate": 0,
    "quarantined": 1,
    "bytes": 300,
    "sent_bytes": 40,
    "reasons": {"not_json": 1},
    "errors": '[{"line":1,"reason":"not_json: x"}]',
    "joined": 1,
    "id_key": 7,
}
WHOLE = {"stored": 3, "quarantined": 0, "reasons": {}, "errors": "[]"}


def write(*rows: dict[str, Any]) -> None:
    named = [{**ROW, "receipt": f"0-{number}", **row} for number, row in enumerate(rows)]
    facade.write_receipts(named, token=repr(named))


def listed(*, limit: int = 100, now: datetime = AT + HOUR, **query: Any) -> list[str]:
    """Names of all receipts, read page by page."""
    found: list[str] = []
    cursor = None
    with clock.frozen(now):
        while True:
            wanted = ReceiptQuery(**{"apps": ("shop",), **query})
            page = facade.list_receipts(wanted, limit=limit, cursor=cursor)
            found += [row["receipt"] for row in page.receipts]
            cursor = page.next
            if cursor is None:
                return found
            assert len(page.receipts) == limit


def test_a_row_has_bytes_reasons_and_times() -> None:
    write({})
    with clock.frozen(AT):
        row = facade.list_receipts(ReceiptQuery(apps=("shop",)), limit=1).receipts[0]
    assert row.pop("done_at") > "2026-"
    expected = {k: v for k, v in ROW.items() if k not in ("errors", "id_key", "received_at")}
    assert row == expected | {"receipt": "0-0", "received_at": "2026-11-22T10:00:00Z"}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_neither_skip_nor_repeat_whatever_the_distance_of_arrivals(limit: int) -> None:
    ages = [0, 0, 0, 1, 2, 5, 30, 31, 200, 500]
    write(*({"received_at": AT - age * HOUR} for age in ages))
    newest_first = ["0-2", "0-1", "0-0", *(f"0-{number}" for number in range(3, 10))]
    assert listed(limit=limit) == newest_first


def test_the_span_includes_its_start_and_not_its_end() -> None:
    write(*({"received_at": AT - age * HOUR} for age in range(4)))
    assert listed(start=AT - 2 * HOUR, end=AT) == ["0-1", "0-2"]
    assert listed(start=AT + 9 * HOUR, end=AT + 10 * HOUR) == []
    with pytest.raises(TimeRangeReversed):
        ReceiptQuery(apps=(), start=AT, end=AT - HOUR)


def test_filters_narrow_the_list() -> None:
    write({}, WHOLE, {"source": "db"}, {"backend": "direct"}, {"duplicate": 1, "stored": 1})
    assert listed(state="complete") == ["0-1"]
    assert listed(state="rejects") == ["0-4", "0-3", "0-2", "0-0"]
    assert listed(state="duplicates") == ["0-4"]
    assert listed(source="db") == ["0-2"]
    assert listed(backend="direct") == ["0-3"]
    assert listed(state="done") == listed()
    assert listed(source="'; DROP TABLE receipts --\0") == []


def test_other_apps_are_not_there() -> None:
    write({"app": "bank"}, {})
    assert listed() == ["0-1"]
    assert listed(apps=()) == []
    assert facade.find_receipt("0-0", apps=("shop",)) is None


@pytest.mark.parametrize("cursor", ["x", "W10:abc", "\0", "é" * 500])
def test_a_cursor_nobody_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        facade.list_receipts(ReceiptQuery(apps=("shop",)), limit=1, cursor=cursor)


def test_a_cursor_does_not_lead_into_another_app() -> None:
    write({}, {}, {"app": "bank"}, {"app": "bank"})
    with clock.frozen(AT):
        cursor = facade.list_receipts(ReceiptQuery(apps=("shop",)), limit=1).next
        with pytest.raises(InvalidCursor):
            facade.list_receipts(ReceiptQuery(apps=("bank",)), limit=1, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        facade.list_receipts(ReceiptQuery(apps=("shop",)), limit=limit)
