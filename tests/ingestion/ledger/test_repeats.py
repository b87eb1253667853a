"""Bodies that came again are in the ledger: every line of theirs is a duplicate, each once."""

from datetime import timedelta
from typing import Any

import pytest

from ingestion import metrics, queue
from ingestion.contracts import Accepted
from ingestion.ledger import repeats
from ingestion.ledger.gaps import open_gaps
from ingestion.ledger.models import LedgerCheck
from ingestion.ledger.reconcile import check_new
from ingestion.queue import names, scripts
from logplatform.kernel import clock
from storage import facade as storage
from tests.factories import Tenant
from tests.ingestion.feeding import drain_all, make_entry, send
from tests.outages import engine_away

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"), pytest.mark.django_db]

BODY = b"one\ntwo"


def duplicates(app: str = "alpha") -> list[dict[str, Any]]:
    query = storage.ReceiptQuery(apps=(app,), state="duplicates")
    return storage.list_receipts(query, limit=100).receipts


def send_again(tenant: Tenant, times: int = 1, key: str = "k") -> Accepted:
    """A body that came so many times before."""
    found = [send(tenant, BODY, key=key) for _ in range(times + 1)]
    assert len({each.receipt for each in found}) == 1
    return found[0]


def test_what_came_again_is_booked_under_the_receipt_it_was_answered_with(tenant: Tenant) -> None:
    first = send_again(tenant, 3).receipt
    drain_all()
    assert repeats.book_repeats() == 1
    (row,) = duplicates()
    assert (row["received"], row["duplicate"], row["stored"], row["quarantined"]) == (6, 6, 0, 0)
    assert (row["bytes"], row["sent_bytes"], row["backend"]) == (21, 21, "queue")
    assert (row["source"], row["protocol"]) == ("alpha-web", "native")
    assert repeats.first_of(row["receipt"]) == first
    assert repeats.first_of(first) == ""
    told = storage.find_receipt(first, apps=("alpha",))
    assert told
    assert (told["received"], told["stored"], told["duplicate"]) == (2, 2, 0)


def test_nothing_is_booked_twice_and_later_ones_are_booked_later(tenant: Tenant) -> None:
    send_again(tenant)
    assert [repeats.book_repeats(), repeats.book_repeats()] == [1, 0]
    send(tenant, BODY, key="k")
    send_again(tenant, key="another")
    assert repeats.book_repeats() == 2
    assert [row["duplicate"] for row in duplicates()] == [2, 2, 2]


def test_a_run_that_dies_is_finished_by_the_next_with_the_same_rows(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_again(tenant)
    with monkeypatch.context() as patch:
        patch.setattr(queue, "forget_repeats", lambda: None)
        repeats.book_repeats()
    send(tenant, BODY, key="k")
    assert [repeats.book_repeats(), repeats.book_repeats(), repeats.book_repeats()] == [1, 1, 0]
    assert [row["duplicate"] for row in duplicates()] == [2, 2]


def test_while_the_engine_is_away_repeats_wait(tenant: Tenant) -> None:
    send_again(tenant)
    with engine_away(), pytest.raises(storage.StoreUnavailable):
        repeats.book_repeats()
    assert repeats.book_repeats() == 1
    assert len(duplicates()) == 1


def test_repeats_within_a_content_window_are_booked_and_our_own_retries_are_not(
    tenant: Tenant,
) -> None:
    type(tenant.source).objects.update(window_s=60)
    send_again(tenant, 2, key="")
    assert repeats.book_repeats() == 1
    (row,) = duplicates()
    assert row["duplicate"] == 4
    entry = make_entry(BODY, lines=2)
    for _ in range(2):
        queue.enqueue(entry, idempotency_key="own", body_hash="h")
    assert repeats.book_repeats() == 0


def test_of_very_many_repeats_only_the_sum_is_kept(
    tenant: Tenant, valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = scripts.Script(scripts.ENQUEUE.source.replace(">= 10000", ">= 2"))
    monkeypatch.setattr(scripts, "ENQUEUE", few)
    for number in range(5):
        send_again(tenant, key=f"k{number}")
    assert valkey.hlen(names.REPEATS_KEY) == 3
    assert repeats.book_repeats() == 3
    rows = duplicates()
    assert sum(row["duplicate"] for row in rows) == 10
    assert sorted(bool(repeats.first_of(row["receipt"])) for row in rows) == [False, True, True]


def test_the_ledger_and_the_metrics_agree_with_them(tenant: Tenant) -> None:
    now = clock.now()
    LedgerCheck.current(now)
    begin = (now - timedelta(minutes=5)).replace(second=0, microsecond=0)
    LedgerCheck.objects.update(until=begin, late_until=begin, since=begin)
    type(tenant.app).objects.update(created_at=now - timedelta(days=1))
    send_again(tenant, 2)
    drain_all()
    repeats.book_repeats()
    with clock.frozen(now + timedelta(minutes=10)):
        assert check_new()
    assert not open_gaps().exists()
    field = metrics.duplicate_fields("alpha", "alpha-web", "native")[0]
    assert float(queue.booked()[field.encode()]) == sum(row["duplicate"] for row in duplicates())
