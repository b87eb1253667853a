"""Quarantined lines as people see them: any bytes, page by page, grouped by reason."""

import base64
from datetime import timedelta
from uuid import UUID

import pytest

from storage import facade
from storage.facade import InvalidCursor, InvalidLimit, RejectQuery
from tests.storage.rejects import AT, reject

pytestmark = pytest.mark.usefixtures("clickhouse")

SHOP = RejectQuery(apps=("shop",))


def test_any_bytes_are_kept_and_shown_to_their_app_only() -> None:
    reject(*({"raw": raw} for raw in (b"plain", b"\xff\x00\n", b"")))
    listed = facade.list_rejects(RejectQuery(apps=("shop",), source="web")).lines
    assert [line["raw"] for line in listed] == ["", "\ufffd\0\n", "plain"]
    assert [base64.b64decode(line["raw_base64"]) for line in listed] == [b"", b"\xff\x00\n", b""]
    assert len({line["id"] for line in listed}) == 3
    assert facade.count_rejects(SHOP) == 3
    for nobody in (RejectQuery(apps=("zoo",)), RejectQuery(apps=())):
        assert facade.count_rejects(nobody) == 0
        assert facade.list_rejects(nobody).lines == []
    assert facade.list_rejects(RejectQuery(apps=("shop",), source="db")).lines == []


def test_a_long_line_is_cut_in_lists_and_whole_by_its_id() -> None:
    reject({"raw": b"x" * 262_144 + b"\xfe"})
    line = facade.list_rejects(SHOP).lines[0]
    assert (len(line["raw"]), line["size_bytes"]) == (16_384, 262_145)
    whole = facade.get_reject(("shop",), UUID(line["id"]))
    assert whole is not None
    assert base64.b64decode(whole["raw_base64"]) == b"x" * 262_144 + b"\xfe"
    assert facade.get_reject(("zoo",), UUID(line["id"])) is None


def test_pages_show_every_line_once_newest_first() -> None:
    for hour in range(3):
        moment = AT + timedelta(hours=hour)
        reject(*({"raw": b"%d-%d" % (hour, n), "received_at": moment} for n in range(5)))
    seen, cursor = [], None
    while True:
        page = facade.list_rejects(SHOP, limit=4, cursor=cursor)
        seen += [line["raw"] for line in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"{hour}-{n}" for hour in (2, 1, 0) for n in (4, 3, 2, 1, 0)]


def test_a_cursor_belongs_to_its_query_and_cannot_be_made_up() -> None:
    reject({}, {}, {})
    cursor = facade.list_rejects(SHOP, limit=1).next
    for query, token in ((RejectQuery(apps=("zoo",)), cursor), (SHOP, "made:up"), (SHOP, "x")):
        with pytest.raises(InvalidCursor):
            facade.list_rejects(query, limit=1, cursor=token)
    for limit in (0, 1001):
        with pytest.raises(InvalidLimit):
            facade.list_rejects(SHOP, limit=limit)


def test_filters_narrow_by_reason_time_and_id() -> None:
    reject({"reason_code": "a"}, {"reason_code": "b"}, {"received_at": AT + timedelta(hours=1)})
    lines = facade.list_rejects(SHOP).lines
    assert facade.count_rejects(RejectQuery(apps=("shop",), reason_code="a")) == 1
    assert facade.count_rejects(RejectQuery(apps=("shop",), start=AT + timedelta(seconds=1))) == 1
    assert facade.count_rejects(RejectQuery(apps=("shop",), end=AT)) == 0
    assert facade.count_rejects(RejectQuery(apps=("shop",), ids=(lines[0]["id"],))) == 1


def test_reasons_are_grouped_by_source_with_first_last_and_the_newest_line() -> None:
    later = AT + timedelta(hours=1)
    reject({}, {"received_at": later, "raw": b"\xff\x00<b>"}, {"source": "db"}, {"app": "other"})
    busy, quiet = facade.reject_reasons(SHOP)
    assert (busy.source, busy.lines, busy.first_at, busy.last_at) == ("web", 2, AT, later)
    assert (busy.raw, busy.bytes) == ("\ufffd\x00<b>", 9)
    assert (busy.reason_code, busy.reason) == ("not_json", "not_json: this is not an object")
    assert (quiet.source, quiet.lines) == ("db", 1)
    assert facade.reject_reasons(RejectQuery(apps=("shop",), start=later, source="db")) == []
