"""Batches for reading lines again: in order, bounded by bytes, exactly the bytes that came."""

from datetime import timedelta

import pytest

from storage import facade
from storage.facade import RejectQuery
from tests.storage.rejects import AT, reject

pytestmark = pytest.mark.usefixtures("clickhouse")

SHOP = RejectQuery(apps=("shop",))


def batches(limit: int = 100, max_bytes: int = 1 << 20, query: RejectQuery = SHOP) -> list:
    found, after = [], None
    while batch := facade.next_batch(query, after=after, limit=limit, max_bytes=max_bytes):
        found.append(batch)
        after = batch.last
    return found


def test_every_line_is_in_one_batch_in_the_order_it_came() -> None:
    for hour in (2, 0, 1):
        moment = AT + timedelta(hours=hour)
        reject(*({"raw": b"%d-%d" % (hour, n), "received_at": moment} for n in range(5)))
    frames = [facade.fetch_batch(SHOP, batch) for batch in batches(limit=4)]
    raws = [raw for frame in frames for raw in frame["raw"]]
    assert raws == [b"%d-%d" % (hour, n) for hour in range(3) for n in range(5)]
    assert [len(frame) for frame in frames] == [4, 4, 4, 3]


def test_bytes_come_as_they_were_and_only_those_of_the_query() -> None:
    nasty = [b"\xff\xfe\x00", b"", "ü\u2028".encode(), b"\x00" * 10]
    reject(*({"raw": raw} for raw in nasty), {"source": "db"}, {"app": "other"})
    query = RejectQuery(apps=("shop",), source="web")
    (batch,) = batches(query=query)
    frame = facade.fetch_batch(query, batch)
    assert frame["raw"].to_list() == nasty
    assert frame["id"].to_list() == list(batch.ids)
    assert frame["received_at"].to_list() == [AT] * 4


def test_a_batch_is_bounded_by_bytes_and_a_huge_line_comes_alone() -> None:
    reject(*({"raw": b"x" * size} for size in (400, 400, 400, 5000, 10)))
    assert [len(batch.ids) for batch in batches(max_bytes=1000)] == [2, 1, 1, 1]


def test_lines_that_came_later_or_went_are_not_in_a_batch_that_was_chosen() -> None:
    reject({"receipt": "0-1"}, {"receipt": "0-3"})
    (batch,) = batches()
    reject({"receipt": "0-2", "raw": b"late"})
    facade.delete_rejects(RejectQuery(apps=("shop",), ids=batch.ids[:1]))
    assert facade.fetch_batch(SHOP, batch)["id"].to_list() == [batch.ids[1]]
