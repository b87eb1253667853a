"""Bodies that kill the worker: found by splitting, quarantined as they came, nothing else lost."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ingestion import drain, queue, receipts, suspects
from storage import facade as storage
from storage.facade import StoreUnavailable
from tests.ingestion.feeding import APPS, messages, put, take_store_away
from tests.ingestion.test_queue import pending

pytestmark = [
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
    pytest.mark.timeout(120),
]

ROOT = Path(__file__).resolve().parents[2]
# A drain in a process of its own, in which a marked body ends it without a word.
WORKER = """
import os, signal
import django; django.setup()
from ingestion import drain, suspects
from ingestion.treatment import plans
plans.treatment_of = lambda app, source: plans.default_treatment()
suspects._SETTLE_S = 0
assemble = drain.assemble
def deadly(entries, **options):
    if any(b"poison" in queued.entry.body for queued in entries):
        os.kill(os.getpid(), signal.SIGKILL)
    return assemble(entries, **options)
drain.assemble = deadly
drain.drain_shard(0, idle_s=0.05)
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_SETTLE_S", 0.0)


def rejects() -> list[dict]:
    return storage.list_rejects(storage.RejectQuery(apps=APPS), limit=10).lines


def run_worker(valkey, script: str = WORKER) -> int:
    """Let a worker drain; what a dead one held is free at once, without waiting for its lease."""
    command = [sys.executable, "-c", script]
    code = subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode
    valkey.delete("lgs:lease:0")
    return code


def die_times(lease: queue.ShardLease, token: str, times: int) -> None:
    for _ in range(times):
        lease.begin_again(token)


def test_a_body_that_kills_workers_is_quarantined_and_all_others_are_stored(valkey) -> None:
    bodies = [b"line %d" % number for number in range(20)]
    for body in bodies[:13]:
        put(body)
    poison = put(b"poison \x00\xff\nsecond line")
    for body in bodies[13:]:
        put(body)
    deaths = 0
    while run_worker(valkey) != 0:
        deaths += 1
        assert deaths <= 8
    # Three of all, one of the part with it, three of it alone.
    assert deaths == 7
    assert messages() == Counter(body.decode() for body in bodies)
    outcome = receipts.find_outcome(poison, APPS)
    assert (outcome.received, outcome.stored, outcome.quarantined) == (2, 0, 2)
    rows = rejects()
    assert [(row["reason_code"], row["receipt"]) for row in rows] == [("worker_died", poison)] * 2
    assert sorted(row["raw"][:6] for row in rows) == ["poison", "second"]
    assert (queue.backlog_bytes(), valkey.hlen("lgs:intents:0")) == (0, 0)
    assert not valkey.exists("lgs:deaths:0")


def test_a_body_that_kills_by_being_told_into_lines_is_kept_as_it_came(valkey) -> None:
    poison = put(b"poison\nof two lines" + b"!" * (2 << 20))
    fatal = WORKER.replace(
        "drain.drain_shard",
        "drain.quarantine_whole.__globals__.update("
        "_raw_lines=lambda queued: os.kill(os.getpid(), 9))\ndrain.drain_shard",
    )
    deaths = 0
    while run_worker(valkey, fatal) != 0:
        deaths += 1
        assert deaths <= 4
    assert deaths == 4
    rows = sorted(rejects(), key=lambda row: row["line"])
    assert {row["reason_code"] for row in rows} == {"worker_died"}
    assert rows[0]["raw"][:12] == "poison\nof tw"
    assert sum(row["size_bytes"] for row in rows) == 19 + (2 << 20), "all of it"
    outcome = receipts.find_outcome(poison, APPS)
    assert (outcome.received, outcome.quarantined) == (2, 2)


def test_a_store_that_is_away_is_no_death(monkeypatch, valkey) -> None:
    put(b"kept")
    monkeypatch.setattr(drain, "_RETRY_S", ())

    with monkeypatch.context() as patch:
        take_store_away(patch)
        for _ in range(6):
            with pytest.raises(StoreUnavailable):
                drain.drain_shard(0, idle_s=0.05)
    (token,) = valkey.hkeys("lgs:intents:0")
    assert int(valkey.hget("lgs:deaths:0", token)) == -1
    assert drain.drain_shard(0, idle_s=0.05) == 1
    assert messages() == Counter(["kept"])


def test_a_group_that_is_stored_already_is_never_split(lease, valkey) -> None:
    """Its workers died between the insert and the acknowledgement: other tokens would double it."""
    for number in range(4):
        put(b"line %d" % number)
    group = lease.read(max_bytes=1000)
    part = drain.assemble(group.entries)
    drain.write_records(part, token=group.token)
    drain.write_books(part, token=group.token)
    die_times(lease, group.token, 5)
    assert [found.token for found in suspects.unfinished(lease)] == [group.token]
    drain.store_group(lease, group)
    assert messages() == Counter(f"line {number}" for number in range(4))


@pytest.mark.parametrize("part", ["records", "quarantine", "receipts"])
def test_the_smallest_part_of_an_insert_is_noticed(lease, part) -> None:
    put(b"text" if part == "records" else b'{"cut', strict_json=part != "records")
    group = lease.read(max_bytes=1000)
    assembled = drain.assemble(group.entries)
    if part == "records":
        storage.write_logs(assembled.records, token=group.token)
    elif part == "quarantine":
        storage.write_quarantine(assembled.quarantined, token=group.token)
    else:
        storage.write_receipts(assembled.receipts, token=group.token)
    die_times(lease, group.token, 3)
    (found,) = suspects.unfinished(lease)
    assert not found.fate


def test_rows_of_others_do_not_protect_a_suspect(lease) -> None:
    """The same source at the same millisecond, stored; the suspect is not."""
    put(b"fine")
    drain.store_group(lease, lease.read(max_bytes=100))
    put(b"suspect")
    die_times(lease, lease.read(max_bytes=100).token, 2)
    (found,) = suspects.unfinished(lease)
    assert found.fate == "lines"


def test_nothing_is_split_while_nobody_knows_what_is_stored(lease) -> None:
    from tests.outages import engine_away

    for _ in range(2):
        put(b"a line")
    group = lease.read(max_bytes=100)
    die_times(lease, group.token, 9)
    with engine_away(), pytest.raises(StoreUnavailable):
        list(suspects.unfinished(lease))
    assert pending(lease) == [group]


def test_parts_are_saved_at_once_in_order_and_only_while_the_group_is_there(lease) -> None:
    bodies = [b"%02d" % number for number in range(40)]
    for body in bodies:
        put(body)
    group = lease.read(max_bytes=100_000)
    put(b"later")
    later = lease.read(max_bytes=100_000)
    die_times(lease, group.token, 3)
    parts = list(suspects.unfinished(lease))
    assert len(parts) == 15
    assert parts[-1] == later
    assert [item.entry.body for part in parts for item in part.entries] == [*bodies, b"later"]
    assert pending(lease) == parts
    for part in parts:
        lease.acknowledge(part, {})
    lease.split(group, [group.entries], deaths=1)
    assert pending(lease) == []


def test_a_frozen_worker_that_wakes_up_inserts_nothing_under_a_token_of_before(
    lease, monkeypatch
) -> None:
    put(b"a line")
    group = lease.read(max_bytes=100)
    monkeypatch.setattr(lease, "_held_until", 0.0)
    with pytest.raises(queue.LeaseLost):
        drain.store_group(lease, group)
    assert messages() == Counter()


def test_attempts_that_end_by_an_error_are_taken_back(lease, valkey, monkeypatch) -> None:
    put(b"a line")
    token = lease.read(max_bytes=100).token
    lease.release()
    for error in (SystemExit, KeyboardInterrupt, RuntimeError):

        def fail(*_: object, error: type[BaseException] = error) -> None:
            raise error

        monkeypatch.setattr(drain, "store_group", fail)
        with pytest.raises(error):
            drain.drain_shard(0, idle_s=0.05)
        assert lease.deaths(token) == 1


def refuse(*_: object, **__: object) -> None:
    raise RuntimeError("refused")


def test_a_drain_that_dies_after_half_of_the_parts_doubles_none(monkeypatch, valkey) -> None:
    """The storm of 634 kills found it: the repeat stored the whole group beside its parts."""
    for number in range(6):
        put(b"line %d" % number)
    write, calls = storage.write_logs, []

    def refuse_the_group_then_end(frame, *, token: str) -> None:
        calls.append(token)
        if len(calls) == 1:
            raise RuntimeError("refused")
        if len(calls) > 4:
            raise StoreUnavailable()
        write(frame, token=token)

    with monkeypatch.context() as patch:
        patch.setattr(drain, "_RETRY_S", ())
        patch.setattr(storage, "write_logs", refuse_the_group_then_end)
        with pytest.raises(StoreUnavailable):
            drain.drain_shard(0, idle_s=0.05)
    assert messages() == Counter(f"line {number}" for number in range(3))
    drain.drain_shard(0, idle_s=0.05)
    assert messages() == Counter(f"line {number}" for number in range(6))
    assert (valkey.hlen("lgs:intents:0"), valkey.hlen("lgs:deaths:0")) == (0, 0)


def test_a_group_of_which_something_is_stored_is_repeated_whole(monkeypatch) -> None:
    for number in range(3):
        put(b"line %d" % number)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_receipts", refuse)
        with pytest.raises(RuntimeError):
            drain.drain_shard(0, idle_s=0.05)
    assert drain.drain_shard(0, idle_s=0.05) == 3
    assert messages() == Counter(f"line {number}" for number in range(3))


def test_a_body_once_condemned_stays_so_whatever_the_next_worker_thinks(
    monkeypatch, valkey
) -> None:
    receipt = put(b"refused once")
    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_logs", refuse)
        patch.setattr(queue.ShardLease, "acknowledge", refuse)
        with pytest.raises(RuntimeError):
            drain.drain_shard(0, idle_s=0.05)
    assert drain.drain_shard(0, idle_s=0.05) == 1
    outcome = receipts.find_outcome(receipt, APPS)
    assert (outcome.stored, outcome.quarantined) == (0, 1)
    assert messages() == Counter()
    assert len(storage.list_rejects(storage.RejectQuery(apps=APPS), limit=10).lines) == 1
    assert (queue.backlog_bytes(), valkey.hlen("lgs:intents:0")) == (0, 0)
