"""Writes that stay exact when the engine has forgotten their token."""

from datetime import timedelta

import pytest

from storage import facade
from storage.facade import LogQuery
from tests.storage.records import AT, make_frame

pytestmark = pytest.mark.usefixtures("clickhouse")

ROWS = [
    {"message": "old", "timestamp": AT - timedelta(days=300)},
    {"message": "tomorrow", "timestamp": AT + timedelta(days=1)},
    {"message": "now"},
]


def count() -> int:
    return facade.count_logs(LogQuery(apps=("shop",)))


def test_pieces_lie_in_one_partition_each() -> None:
    pieces = facade.day_pieces(make_frame(ROWS))
    assert [piece["message"].to_list() for _, piece in pieces] == [["old", "now"], ["tomorrow"]]


def test_a_repeat_under_another_token_stores_nothing() -> None:
    for token in ("first", "the engine has forgotten the first"):
        for day, piece in facade.day_pieces(make_frame(ROWS)):
            facade.write_logs_once(piece, token=f"{token}:{day}")
    assert count() == 3


def test_receipts_are_written_once_for_each_day() -> None:
    receipt = {
        "app": "shop", "source": "web", "backend": "queue", "protocol": "replay", "received": 1,
        "stored": 1, "duplicate": 0, "quarantined": 0, "bytes": 1, "errors": "[]",
    }  # fmt: skip
    rows = [
        {**receipt, "receipt": f"r{day}", "received_at": AT + timedelta(days=day)}
        for day in range(2)
    ]
    for token in ("first", "again"):
        facade.write_receipts_once(rows, token=token)
    assert facade.find_receipt("r1", apps=("shop",))["stored"] == 1
    from storage.clickhouse import client

    assert client.fetch("SELECT count() AS n FROM receipts")[0]["n"] == 2
