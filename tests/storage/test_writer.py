"""Writing: what comes back is what went in, and a token is stored once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage import facade
from storage.clickhouse import client
from storage.clickhouse.arrow import log_block
from tests.storage.records import AT, make_frame

Store = Callable[..., list[str]]
RECEIPT = {
    "receipt": "r1", "app": "shop", "source": "web", "received_at": AT, "backend": "queue",
    "protocol": "native", "received": 3, "stored": 2, "duplicate": 0, "quarantined": 1,
    "bytes": 99, "errors": '[{"line": 1, "reason": "x"}]',
}  # fmt: skip


def count() -> int:
    return facade.count_logs(facade.LogQuery(apps=("shop",)))


@pytest.mark.usefixtures("clickhouse")
def test_a_repeated_token_stores_nothing_twice() -> None:
    frame = make_frame([{"message": str(n)} for n in range(10)])
    for _ in range(3):
        facade.write_logs(frame, token="t")
    facade.write_logs(frame, token="another")
    assert count() == 20


@pytest.mark.usefixtures("clickhouse")
def test_a_repeated_token_is_exact_over_many_days() -> None:
    days = [AT + timedelta(days=number) for number in range(150)]
    frame = make_frame([{"timestamp": day, "message": str(day)} for day in days])
    for _ in range(2):
        facade.write_logs(frame, token="t")
    assert count() == 150


@pytest.mark.usefixtures("clickhouse")
def test_an_old_log_that_arrives_today_is_kept_with_today() -> None:
    old = [AT - timedelta(days=400 * year) for year in range(1, 11)]
    facade.write_logs(make_frame([{"timestamp": moment} for moment in old]), token="t")
    rows = client.fetch("SELECT DISTINCT _partition_id AS day FROM logs")
    assert rows == [{"day": "20261122"}]


def test_the_same_frame_gives_the_same_bytes() -> None:
    rows = [{"message": str(n), "attributes": {"a": "b" * n, "c": ""}} for n in range(20)]
    blocks = [log_block(make_frame(rows)) for _ in range(2)]
    assert blocks[0] == blocks[1]


@pytest.mark.usefixtures("clickhouse")
def test_a_slice_of_a_frame_writes_its_rows_and_attributes_only() -> None:
    frame = make_frame([{"message": str(n), "attributes": {"n": str(n)}} for n in range(100)])
    facade.write_logs(frame.slice(40, 3), token="t")
    page = facade.search_logs(facade.LogQuery(apps=("shop",)), limit=10)
    assert [record["attributes"] for record in page.records] == [
        {"n": n} for n in ("42", "41", "40")
    ]


@pytest.mark.usefixtures("clickhouse")
def test_nothing_to_write_is_no_error() -> None:
    facade.write_logs(make_frame([]), token="t")
    facade.write_receipts([], token="t")
    assert count() == 0


@pytest.mark.usefixtures("clickhouse")
def test_a_receipt_is_stored_once_and_read_by_its_app_only() -> None:
    for _ in range(2):
        facade.write_receipts([RECEIPT], token="t")
    found = facade.find_receipt("r1", apps=("shop", "zoo"))
    assert found
    assert {
        k: found[k] for k in ("received", "stored", "quarantined", "errors", "received_at")
    } == {
        "received": 3,
        "stored": 2,
        "quarantined": 1,
        "errors": RECEIPT["errors"],
        "received_at": "2026-11-22T10:00:00Z",
    }
    assert facade.find_receipt("r1", apps=("zoo",)) is None
    assert facade.find_receipt("r2", apps=("shop",)) is None
