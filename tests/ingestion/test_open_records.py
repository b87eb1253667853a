"""Bodies whose last record may go on wait a moment for the next body of their sender."""

import random
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion import queue
from ingestion.assemble import assemble
from ingestion.queue import ShardLease
from logplatform.kernel.trace_lines import edges_of
from tests.ingestion.feeding import make_entry
from tests.ingestion.test_fairness import read_all
from tests.ingestion.test_queue import pending, put

pytestmark = pytest.mark.usefixtures("valkey")

MB = 1 << 20
PYTHON = """2026-11-01 10:00:00 ERROR app: cannot pay
Traceback (most recent call last):
  File "pay.py", line 3, in pay
    charge()
KeyError: 'card'
During handling of the above exception, another exception occurred:
Traceback (most recent call last):
  File "pay.py", line 9, in pay
ValueError: no card"""
JAVA = """2026-11-01 10:00:01.123 WARN [main] c.a.Shop - late
java.lang.IllegalStateException: no
\tat c.a.Shop.sell(Shop.java:7)
Caused by: java.io.IOException: gone
\tat c.a.Disk.read(Disk.java:8)
\t... 3 more"""
GO = """2026/11/01 10:00:02 panic serving 10.0.0.1: boom
goroutine 7 [running]:
main.serve(0xc0)
\t/srv/main.go:12 +0x1d
created by net/http.(*Server).Serve
\t/go/server.go:99"""
NODE = """[2026-11-01T10:00:03Z] error: unhandled
TypeError: x is not a function
    at Object.<anonymous> (/srv/x.js:1:7)"""
DOTNET = """fail: Shop.Api[0]
      Unhandled exception
      System.NullReferenceException: Object reference
         at Shop.Pay() in /src/Pay.cs:line 4
   --- End of inner exception stack trace ---"""
RUBY = """E, [2026-11-01T10:00:04.1 #7] ERROR -- : undefined method
app/models/pay.rb:7:in `pay'
app/models/pay.rb:9:in `run'"""
SLOW = """# Time: 2026-11-01T10:00:00.125001Z
# User@Host: shop[shop] @ web-1 [10.0.0.9]  Id:  77
# Query_time: 2.013731  Lock_time: 0.000004 Rows_sent: 1  Rows_examined: 1500000
SET timestamp=1795341600;
SELECT count(*)
FROM orders
WHERE total > 10;"""
SINGLE = ["2026-11-01 10:00:05 INFO fine", "INFO started", '{"message": "json", "n": 1}',
          '10.0.0.1 - - [01/Nov/2026:10:00:00 +0000] "GET /error HTTP/1.1" 500 1']  # fmt: skip
EVENTS = [PYTHON, JAVA, GO, NODE, DOTNET, RUBY, SLOW, *SINGLE]


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits, waits 0.2 s."""
    monkeypatch.setattr("ingestion.queue.lease._QUIET_MS", 200)


def send(text: str, **changes: object) -> None:
    """As the door does it."""
    body = text.encode()
    entry = make_entry(
        body,
        **{"multiline": True, "lines": text.count("\n") + 1, "edges": edges_of(body), **changes},
    )
    queue.enqueue(entry, idempotency_key="", body_hash="d")


def bodies_of(group: queue.Group | None) -> list[bytes]:
    return [item.entry.body for item in group.entries] if group else []


def drained(lease: ShardLease) -> list[queue.Group]:
    """Everything, however long it is held back."""
    groups = []
    while lease.wait_for_entries(0.01):
        groups += read_all(lease, MB)
    return groups


def test_only_a_body_that_may_go_on_waits_and_no_other_with_it(lease) -> None:
    send("one\ntwo")
    send("ERROR boom", source="other")
    assert bodies_of(lease.read(max_bytes=MB)) == [b"one\ntwo"]
    assert lease.read(max_bytes=MB) is None
    send("three")
    assert bodies_of(lease.read(max_bytes=MB)) == [b"three"]
    send("  at a\nINFO fine", source="other")
    assert bodies_of(lease.read(max_bytes=MB)) == [b"ERROR boom", b"  at a\nINFO fine"]


@pytest.mark.usefixtures("brief")
def test_it_waits_no_longer_than_its_time(lease) -> None:
    send("ERROR boom")
    began = time.monotonic()
    (group,) = drained(lease)
    assert bodies_of(group) == [b"ERROR boom"]
    assert 0.1 < time.monotonic() - began < 2


def test_a_record_that_never_ends_is_stored_in_pieces(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease._HOLD_MS", 300)
    send("ERROR boom")
    deadline = time.monotonic() + 5
    while not (group := lease.read(max_bytes=MB)):
        assert time.monotonic() < deadline
        send("  at a")
        time.sleep(0.05)
    assert len(group.entries) > 1


def test_a_record_may_not_spread_over_more_than_its_bytes_and_entries(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease._SPREAD_BYTES", 5000)
    send("ERROR boom")
    for _ in range(3):
        send("  at a", size=3000)
    assert len(bodies_of(lease.read(max_bytes=MB))) == 4


def test_a_body_of_another_key_neither_waits_nor_ends_the_waiting(lease) -> None:
    send("ERROR boom")
    send("INFO fine", key_id=8)
    assert bodies_of(lease.read(max_bytes=MB)) == [b"INFO fine"]
    send("  at a\nINFO fine")
    assert len(bodies_of(lease.read(max_bytes=MB))) == 2


def test_who_waits_for_a_result_is_not_kept(lease) -> None:
    send("ERROR boom", wants_result=True)
    assert bodies_of(lease.read(max_bytes=MB)) == [b"ERROR boom"]


def test_a_full_group_does_not_end_within_a_record(lease) -> None:
    for body in ("one", "ERROR boom", "  at a", "  at b", "INFO fine"):
        send(body)
    groups = read_all(lease, 200)
    assert [bodies_of(group) for group in groups] == [
        [b"one", b"ERROR boom", b"  at a", b"  at b"],
        [b"INFO fine"],
    ]


def test_an_entry_of_before_is_read_as_ever(lease, valkey) -> None:
    put(b"old")
    key = "lgs:lane:0:shop/web"
    valkey.lset(key, 0, valkey.lindex(key, 0).split(b" ")[0] + b" 3")
    assert bodies_of(lease.read(max_bytes=MB)) == [b"old"]


def test_what_was_read_comes_back_as_it_was_whatever_came_since(lease) -> None:
    send("one\ntwo")
    send("ERROR boom")
    send("INFO fine")
    group = lease.read(max_bytes=MB)
    send("  at late")
    lease.release()
    successor = ShardLease(0)
    assert successor.acquire()
    assert pending(successor) == [group]
    successor.release()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6),
    cuts=st.sets(st.integers(1, 40), max_size=12),
    seed=st.integers(0, 999),
)
@example(events=EVENTS, cuts=set(range(1, 41)), seed=0)
def test_a_log_cut_into_any_bodies_gives_the_same_records(
    lease, monkeypatch, events, cuts, seed
) -> None:
    """Whenever groups are closed in between: after each body, a worker may have read or not."""
    lease.renew()
    monkeypatch.setattr("ingestion.queue.lease._QUIET_MS", 60_000)
    monkeypatch.setattr("ingestion.queue.lease._HOLD_MS", 60_000)
    lines = "\n".join(events).split("\n")
    marks = [0, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    dice = random.Random(seed)
    groups = []
    for start, end in zip(marks, marks[1:], strict=False):
        send("\n".join(lines[start:end]))
        if dice.random() < 0.7 and (group := lease.read(max_bytes=MB)):
            groups.append(group)
    monkeypatch.setattr("ingestion.queue.lease._QUIET_MS", 0)
    groups += drained(lease)
    stored = [message for group in groups for message in assemble(group.entries).records["message"]]
    for group in groups:
        lease.acknowledge(group, {})
    whole = make_entry("\n".join(lines).encode(), multiline=True, lines=len(lines))
    entry = queue.load_entry(0, "1-0", queue.dump_head(whole), whole.body)
    assert stored == assemble([entry]).records["message"].to_list()
