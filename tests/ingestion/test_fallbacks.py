"""Services that go away and come back, with the server processes themselves: nothing by hand."""

import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from ingestion import drain, queue
from ingestion.errors import OutcomeUnknown
from ingestion.queue.producer import weight_of
from storage import facade as storage
from storage.facade import StoreUnavailable
from tests.factories import Tenant
from tests.ingestion.feeding import make_entry, messages
from tests.ingestion.test_door import send_to_door
from tests.ingestion.test_queue import put
from tests.ingestion.valkeys import Server
from tests.outages import engine_away
from tests.services import wait_until

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).resolve().parents[2]


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


def test_a_queue_that_is_killed_again_and_again_has_each_body_once(server: Server) -> None:
    """Between an append and its answer as well: senders repeat under their key what is unknown."""
    bodies = [b"%03d" % number for number in range(200)]
    taken: list[bytes] = []

    def send(body: bytes) -> None:
        while True:
            try:
                put(body, key=body.decode())
            except (queue.QueueDown, OutcomeUnknown):
                time.sleep(0.02)
            else:
                return taken.append(body)

    with ThreadPoolExecutor(8) as senders:
        for body in bodies:
            senders.submit(send, body)
        for kills in range(1, 6):
            wait_until(lambda least=30 * kills: len(taken) >= least, 60)
            server.kill()
            server.start()
    assert sorted(read_all()) == sorted(taken) == bodies


WAITING = """
import django; django.setup()
from ingestion import drain
while True:
    drain.drain_shard(0, idle_s=3)
"""


@pytest.mark.usefixtures("one_shard", "clickhouse")
def test_a_body_that_came_to_a_worker_frozen_while_it_waited_is_taken_by_the_next(
    valkey: redis.Redis,
) -> None:
    """Frozen as it waits for news, then killed: nobody read what it was told."""
    worker = subprocess.Popen([sys.executable, "-c", WAITING], cwd=ROOT)
    try:
        wait_until(lambda: valkey.info("clients")["blocked_clients"] == 1, 60)
        worker.send_signal(signal.SIGSTOP)
        put(b"for the frozen one")
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: valkey.info("clients")["blocked_clients"] == 0, 30)
    valkey.delete("lgs:lease:0")
    assert drain.drain_shard(0, idle_s=0.05) == 1
    assert messages() == Counter(["for the frozen one"])
    assert queue.backlog_bytes() == 0


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clickhouse")
def test_a_queue_that_dies_while_a_sender_waits_for_the_outcome_is_no_refusal(
    server: Server, tenant: Tenant
) -> None:
    """The body is there: who hears a 5xx would send it again, and have it twice."""
    asked = {"key": tenant.ingest_key, "query": b"wait=true"}
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(send_to_door, [b"once"], **asked)
        wait_until(lambda: queue.backlog_bytes() > 0, 30)
        server.kill()
        status, _, answer = sent.result()
    assert (status, answer["backend"]) == (202, "queue")
    server.start()
    assert read_all() == [b"once"]
