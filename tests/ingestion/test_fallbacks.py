"""Services that go away and come back, with the server processes themselves: nothing by hand."""

import signal
import time
from collections import Counter

import pytest

from ingestion import drain, queue
from ingestion.queue.producer import weight_of
from storage import facade as storage
from storage.facade import StoreUnavailable
from tests.ingestion.feeding import make_entry, messages
from tests.ingestion.test_queue import put
from tests.ingestion.valkeys import Server
from tests.outages import engine_away

pytestmark = pytest.mark.timeout(90)


def read_all() -> list[bytes]:
    lease = queue.ShardLease(0)
    assert lease.acquire()
    found = [lease.load(token) for token in lease.pending_tokens()]
    while group := lease.read(max_bytes=1 << 20):
        found.append(group)
    lease.release()
    return [item.entry.body for group in found for item in group.entries]


def test_a_killed_queue_takes_up_where_it_was_once_it_is_back(server: Server) -> None:
    put(b"before")
    server.kill()
    with pytest.raises(queue.QueueDown):
        put(b"while it is away")
    server.start()
    put(b"after")
    assert read_all() == [b"before", b"after"]


def test_leases_groups_and_turns_survive_the_queue(server: Server) -> None:
    for number in range(6):
        put(b"%d" % number, source="ab"[number % 2])
    lease = queue.ShardLease(0)
    assert lease.acquire()
    group = lease.read(max_bytes=2 * weight_of(make_entry()))
    assert len(group.entries) == 2
    server.kill()
    server.start()
    assert [lease.load(token) for token in lease.pending_tokens()] == [group]
    lease.release()
    assert sorted(read_all()) == [b"%d" % number for number in range(6)]


def test_a_frozen_queue_costs_a_sender_seconds_not_minutes(server: Server) -> None:
    put(b"before")
    server.send(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(Exception, match="may or may not have it"):
        put(b"unknown", key="k")
    assert time.monotonic() - began < 30
    server.send(signal.SIGCONT)
    # The same key again: whether the first came through does not matter.
    put(b"unknown", key="k")
    assert read_all() == [b"before", b"unknown"]


@pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")
def test_what_comes_while_the_engine_is_away_is_stored_in_order_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingestion.queue.lease.MAX_ENTRIES", 4)
    monkeypatch.setattr(drain, "_RETRY_S", ())
    bodies = [b"line %02d" % number for number in range(20)]
    with engine_away():
        for number, body in enumerate(bodies):
            put(body, source="ab"[number % 2])
            if number % 4 == 3:
                with pytest.raises(StoreUnavailable):
                    drain.drain_shard(0, idle_s=0.05)
    written: list[str] = []
    write = storage.write_logs

    def note_order(frame, *, token: str) -> None:
        written.extend(frame["message"])
        write(frame, token=token)

    monkeypatch.setattr(storage, "write_logs", note_order)
    assert drain.drain_shard(0, idle_s=0.05) == 20
    for parity in (0, 1):
        own = [line for line in written if int(line[-2:]) % 2 == parity]
        assert own == sorted(own)
    assert messages() == Counter(body.decode() for body in bodies)
    assert queue.backlog_bytes() == 0
