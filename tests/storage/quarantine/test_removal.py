"""Removing quarantined lines, and how much of them there is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import facade
from storage.facade import RejectQuery
from tests.storage.rejects import AT, reject

pytestmark = pytest.mark.usefixtures("clickhouse")

SHOP = RejectQuery(apps=("shop",))


def test_only_what_the_query_finds_goes_and_is_counted() -> None:
    reject({}, {"reason_code": "other"}, {"app": "bank"})
    query = RejectQuery(apps=("shop",), reason_code="other")
    assert (facade.delete_rejects(query), facade.delete_rejects(query)) == (1, 0)
    assert facade.count_rejects(SHOP) == 1
    facade.free_quarantine_space()
    assert facade.count_rejects(RejectQuery(apps=("shop", "bank"))) == 2


def test_thousands_of_ids_go_at_once() -> None:
    reject(*({"raw": b"%d" % n} for n in range(6000)))
    batch = facade.next_batch(SHOP, after=None, limit=6000, max_bytes=1 << 20)
    assert batch is not None
    part = replace(batch, ids=batch.ids[:5999])
    facade.delete_batch(SHOP, part)
    facade.delete_batch(SHOP, part)
    facade.delete_batch(SHOP, replace(batch, ids=()))
    assert [line["id"] for line in facade.list_rejects(SHOP).lines] == [batch.ids[5999]]


def test_sizes_and_where_a_bound_cuts() -> None:
    hours = [AT + timedelta(hours=n) for n in range(4)]
    reject(*({"raw": b"x" * 100, "received_at": moment} for moment in hours))
    reject({"app": "bank", "raw": b"xy"})
    bank, shop = facade.quarantine_sizes()
    assert (bank.app, bank.bytes) == ("bank", 2)
    assert (shop.lines, shop.bytes, shop.oldest) == (4, 400, AT)
    assert facade.newest_beyond("shop", keep_bytes=400) is None
    assert facade.newest_beyond("shop", keep_bytes=250) == hours[1]
    assert facade.newest_beyond("shop", keep_bytes=0) == hours[3]
    assert facade.newest_beyond("nobody", keep_bytes=0) is None
