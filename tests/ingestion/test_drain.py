"""From the queue into the store: every line exactly once, whatever happens in between."""

import gzip
import json
import threading
from collections import Counter

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from ingestion import drain, queue, receipts
from ingestion.assemble import assemble, quarantine_whole
from ingestion.contracts import QueuedEntry
from logplatform.kernel import clock
from storage import facade as storage
from storage.facade import StoreUnavailable
from tests.ingestion.feeding import (
    APPS,
    drain_all,
    drain_and_die,
    make_entry,
    messages,
    put,
    refuse_poison,
    take_store_away,
)

pytestmark = pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")


def test_lines_of_many_bodies_are_stored_and_booked_to_their_receipts() -> None:
    first = put(b'{"message":"one"}\n{"message":"two"}', strict_json=True)
    second = put(gzip.compress(b"three"), encoding="gzip", size=5)
    assert drain_all() == 2
    assert messages() == Counter(["one", "two", "three"])
    assert receipts.find_outcome(first, APPS).stored == 2
    assert receipts.find_outcome(second, APPS).stored == 1
    assert queue.backlog_bytes() == 0


def test_bad_lines_go_to_quarantine_with_raw_bytes_and_reason() -> None:
    receipt = put(b'{"message":"good"}\n{"cut\n{"message":"too"}', strict_json=True)
    drain_all()
    outcome = receipts.find_outcome(receipt, APPS)
    assert (outcome.received, outcome.stored, outcome.quarantined) == (3, 2, 1)
    assert outcome.errors[0]["line"] == 1
    row = storage.list_rejects(storage.RejectQuery(apps=APPS)).lines[0]
    assert (row["raw"], row["line"], row["receipt"]) == ('{"cut', 1, receipt)
    assert row["reason_code"] == outcome.errors[0]["reason"].split(":")[0]


def test_bodies_with_and_without_bad_lines_are_stored_together() -> None:
    """Parsed apart, as one is strict JSON, and put together again."""
    bodies = [make_entry(b'{"message":"good"}\n{"cut', lines=2, strict_json=True), make_entry()]
    group = [QueuedEntry(shard=0, stream_id=f"{n}-0", entry=e) for n, e in enumerate(bodies)]
    done = assemble(group)
    assert (len(done.records), len(done.quarantined)) == (2, 1)


def test_a_drain_that_dies_after_the_insert_doubles_nothing(monkeypatch) -> None:
    for number in range(5):
        put(b'{"message":"m%d"}' % number, strict_json=True)
    drain_and_die(monkeypatch)
    put(b'{"message":"later"}', strict_json=True)
    assert drain_all() == 6
    assert messages() == Counter([f"m{number}" for number in range(5)] + ["later"])


def test_what_comes_while_an_insert_takes_long_is_one_insert(monkeypatch) -> None:
    """A slow engine gets larger inserts, not more of them, and none beside the one at work."""
    write, sizes = storage.write_logs, []
    is_writing, may_go_on = threading.Event(), threading.Event()

    def slowly(frame, *, token: str) -> None:
        sizes.append(len(frame))
        is_writing.set()
        assert may_go_on.wait(30)
        write(frame, token=token)

    monkeypatch.setattr(storage, "write_logs", slowly)
    put(b"first")
    drain_ = threading.Thread(target=drain_all)
    drain_.start()
    assert is_writing.wait(30)
    for number in range(100):
        put(b"%d" % number)
    assert drain_all() == 0, "another drain waits for its turn"
    may_go_on.set()
    drain_.join(60)
    assert sizes == [1, 100]
    assert sum(messages().values()) == 101


def test_a_store_that_is_away_leaves_everything_queued(monkeypatch) -> None:
    put(b"kept")
    monkeypatch.setattr(drain, "_RETRY_S", ())

    with monkeypatch.context() as patch:
        take_store_away(patch)
        with pytest.raises(StoreUnavailable):
            drain_all()
    assert queue.shard_states(clock.now())[0].entries == 1
    assert drain_all() == 1
    assert messages() == Counter(["kept"])


def test_a_drain_that_runs_out_of_time_leaves_its_group_for_the_next(monkeypatch) -> None:
    put(b"kept")

    def too_slow(*_: object, **__: object) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_logs", too_slow)
        with pytest.raises(SoftTimeLimitExceeded):
            drain_all()
    assert storage.count_rejects(storage.RejectQuery(apps=APPS)) == 0
    assert drain_all() == 1
    assert messages() == Counter(["kept"])


def test_one_request_that_cannot_be_stored_does_not_hold_up_the_others(monkeypatch) -> None:
    put(b"fine")
    poison = put(b"poison")
    put(b"also fine")
    refuse_poison(monkeypatch)
    assert drain_all() == 3
    assert messages() == Counter(["fine", "also fine"])
    outcome = receipts.find_outcome(poison, APPS)
    assert (outcome.received, outcome.stored, outcome.quarantined) == (1, 0, 1)


def test_a_refused_request_is_quarantined_line_by_line_or_whole() -> None:
    lines = QueuedEntry(shard=0, stream_id="1-0", entry=make_entry(b"a\n\xff\n\nc", lines=3))
    broken = QueuedEntry(
        shard=0, stream_id="2-0", entry=make_entry(b"no gzip", encoding="gzip", lines=3)
    )
    for queued, raws in ((lines, [b"a", b"\xff", b"c"]), (broken, [b"no gzip"])):
        found = quarantine_whole(queued, "not_storable: x")
        assert found.quarantined["raw"].to_list() == raws
        assert found.quarantined["line"].to_list() == list(range(len(raws)))
        assert found.receipts[0]["quarantined"] == 3


def test_a_second_drain_of_a_shard_leaves_at_once() -> None:
    put(b"mine")
    lease = queue.ShardLease(0)
    assert lease.acquire()
    assert drain_all() == 0
    lease.release()
    assert drain_all() == 1


def test_who_waits_gets_the_numbers() -> None:
    receipt = put(b'{"message":"x"}\nnot json', strict_json=True, wants_result=True)
    drain_all()
    row = json.loads(queue.wait_for_result(receipt, timeout_s=1))
    assert (row["stored"], row["quarantined"]) == (1, 1)


def test_a_receipt_is_queued_then_done_and_nobody_elses() -> None:
    receipt = put(b"a line")
    assert receipts.describe(receipt, APPS)["state"] == "queued"
    drain_all()
    assert receipts.describe(receipt, APPS)["state"] == "done"
    from ingestion.errors import ReceiptNotFound

    with pytest.raises(ReceiptNotFound):
        receipts.describe(receipt, ("bank",))


@pytest.mark.parametrize("refused", ["write_quarantine", "write_receipts"])
def test_books_that_are_refused_after_the_lines_are_written_with_the_next_try(
    monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    receipt = put(b'{"message":"one"}\nnot JSON\n{"message":"two"}', strict_json=True)
    write, tries = getattr(storage, refused), []

    def refuse_once(*given: object, **more: object) -> None:
        tries.append(refused)
        if len(tries) == 1:
            raise storage.StoreError()
        write(*given, **more)

    monkeypatch.setattr(drain.storage, refused, refuse_once)
    with pytest.raises(storage.StoreError):
        drain_all()
    drain_all()
    outcome = receipts.find_outcome(receipt, APPS)
    assert messages() == Counter(["one", "two"])
    assert (outcome.received, outcome.stored, outcome.quarantined) == (3, 2, 1)
