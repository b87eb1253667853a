"""The queue on a real Valkey: at most once in, at least once out, nothing half-done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ingestion import queue
from ingestion.errors import BacklogFull, IdempotencyMismatch
from tests.ingestion.feeding import make_entry

pytestmark = pytest.mark.usefixtures("valkey")


def put(body: bytes = b"a line", key: str = "", digest: str = "d", **changes: object):
    return queue.enqueue(make_entry(body, **changes), idempotency_key=key, body_hash=digest)


def pending(lease: queue.ShardLease) -> list[queue.Group]:
    return [lease.load(token) for token in lease.pending_tokens()]


def test_an_entry_comes_out_as_it_went_in(lease) -> None:
    put(b"\x00\xff bytes", strict_json=True, wants_result=True)
    group = lease.read(max_bytes=1000)
    assert [item.entry for item in group.entries] == [
        make_entry(b"\x00\xff bytes", strict_json=True, wants_result=True)
    ]


def test_one_idempotency_key_enters_once_even_at_the_same_moment(lease) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: put(key="k"), range(20)))
    assert sum(answer.is_new for answer in answers) == 1
    assert len({answer.receipt for answer in answers}) == 1
    assert len(lease.read(max_bytes=1000).entries) == 1


def test_the_same_key_with_another_body_is_refused(lease) -> None:
    put(key="k", digest="one")
    with pytest.raises(IdempotencyMismatch):
        put(key="k", digest="two")


def test_the_same_key_of_another_app_is_another_key(lease) -> None:
    assert put(key="k").is_new
    assert put(key="k", app="bank").is_new


def test_a_full_backlog_takes_nothing_and_empties_again(lease, settings) -> None:
    from dataclasses import replace

    settings.ENV = replace(settings.ENV, queue_max_bytes=10)
    put(b"12345678")
    with pytest.raises(BacklogFull):
        put(b"123")
    lease.acknowledge(lease.read(max_bytes=1000), {})
    assert queue.backlog_bytes() == 0
    assert put(b"123").is_new


def ask(body: bytes, key: str = "", **changes: object) -> queue.Enqueue:
    return queue.enqueue_of(make_entry(body, **changes), idempotency_key=key, body_hash="d")


def put_together(*asked: queue.Enqueue) -> list[queue.Enqueued]:
    answers = queue.enqueue_all(asked)
    return [queue.enqueued(one, answer) for one, answer in zip(asked, answers, strict=True)]


def test_entries_that_go_together_come_out_each_as_it_went_in(lease) -> None:
    """Of two sources, one of them with a key: each has its own receipt, one of them rings."""
    asked = [ask(b"1"), ask(b"2", source="b"), ask(b"3", key="k"), ask(b"4"), ask(b"5", source="b")]
    taken = put_together(*asked)
    assert [one.is_new for one in taken] == [True] * 5
    assert sum(one.needs_nudge for one in taken) == 1
    found = {item.receipt: item.entry.body for item in lease.read(max_bytes=1000).entries}
    assert found == {one.receipt: b"%d" % n for n, one in enumerate(taken, 1)}


def test_of_entries_that_go_together_each_is_taken_that_fits(lease, settings) -> None:
    from dataclasses import replace

    settings.ENV = replace(settings.ENV, queue_max_bytes=10)
    asked = [ask(b"12345"), ask(b"123456"), ask(b"1234")]
    answers = queue.enqueue_all(asked)
    assert queue.enqueued(asked[0], answers[0]).is_new
    with pytest.raises(BacklogFull):
        queue.enqueued(asked[1], answers[1])
    assert queue.enqueued(asked[2], answers[2]).is_new
    assert queue.backlog_bytes() == 9


def test_a_read_takes_no_more_than_its_budget(lease) -> None:
    for _ in range(5):
        put(b"x" * 100)
    first = lease.read(max_bytes=250)
    second = lease.read(max_bytes=1000)
    assert [len(first.entries), len(second.entries)] == [2, 3]
    assert lease.read(max_bytes=1000) is None


def test_a_group_that_was_not_acknowledged_comes_back_exactly_as_it_was(lease) -> None:
    for number in range(4):
        put(b"%d" % number)
    first, second = lease.read(max_bytes=2), lease.read(max_bytes=100)
    lease.release()
    successor = queue.ShardLease(0)
    assert successor.acquire()
    assert pending(successor) == [first, second]
    successor.acknowledge(first, {})
    assert pending(successor) == [second]
    successor.release()


def test_a_drain_that_lost_its_lease_reads_nothing(lease, valkey) -> None:
    put()
    valkey.delete("lgs:lease:0")
    other = queue.ShardLease(0)
    assert other.acquire()
    with pytest.raises(queue.LeaseLost):
        lease.read(max_bytes=100)
    with pytest.raises(queue.LeaseLost):
        lease.renew()
    assert len(other.read(max_bytes=100).entries) == 1
    other.release()


def test_acknowledging_twice_counts_the_bytes_once(lease) -> None:
    put(b"12345")
    group = lease.read(max_bytes=100)
    lease.acknowledge(group, {})
    put(b"123")
    lease.acknowledge(group, {})
    assert queue.backlog_bytes() == 3


def test_a_group_whose_entries_are_gone_does_not_stay_pending(lease, valkey) -> None:
    put()
    lease.read(max_bytes=100)
    valkey.xtrim(queue.stream_key(0), maxlen=0)
    (empty,) = pending(lease)
    lease.acknowledge(empty, {})
    assert pending(lease) == []


def test_a_result_reaches_who_waits_for_it(lease) -> None:
    receipt = put(wants_result=True).receipt
    lease.acknowledge(lease.read(max_bytes=100), {receipt: '{"stored": 1}'})
    assert queue.wait_for_result(receipt, timeout_s=2) == '{"stored": 1}'
    assert queue.queued_entry(receipt) is None


def test_the_first_entry_of_an_idle_shard_asks_for_one_bell(lease) -> None:
    assert [put().needs_nudge for _ in range(3)] == [True, False, False]


def test_a_drain_waits_for_arrivals_and_is_woken_by_one(lease) -> None:
    assert not lease.wait_for_entries(0.05)
    put()
    assert lease.wait_for_entries(2)
    assert len(lease.read(max_bytes=100).entries) == 1
    assert not lease.wait_for_entries(0.05)


def test_the_state_tells_entries_bytes_and_age(lease) -> None:
    put(b"12345")
    state = queue.shard_states(datetime.now(UTC))[0]
    assert (state.entries, state.in_progress, queue.backlog_bytes()) == (1, 0, 5)
    assert 0 <= state.oldest_age_s < 60


def test_an_unreachable_queue_took_nothing(settings) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    queue.client.cache_clear()
    try:
        with pytest.raises(queue.QueueDown):
            put()
    finally:
        queue.client.cache_clear()


def test_unknown_receipts_are_not_found() -> None:
    for receipt in ("", "0", "0-x", "99-1-1", "é-1-1", "0-1-1"):
        assert queue.queued_entry(receipt) is None


def test_small_bodies_whose_lines_may_go_on_keep_to_the_line_of_their_sender() -> None:
    """Others go anywhere, so that one sender does not depend on one worker."""
    ours = {put(multiline=True, source=source).shard for source in ["web"] * 20}
    assert len(ours) == 1
    large = b"x" * (65 << 10)
    for changes in ({"multiline": False}, {"multiline": True, "strict_json": True}):
        assert len({put(**changes).shard for _ in range(60)}) > 1
    assert len({put(large, multiline=True).shard for _ in range(60)}) > 1
