"""Workers that are too small for a body, or hang over it: it is set aside, others go on."""

import gzip
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import drain, queue, receipts, suspects, tasks, watchdog
from ingestion.queue import ShardLease
from logplatform.env import child_environment
from storage import facade as storage
from tests.ingestion.feeding import APPS, drain_all, messages, put
from tests.services import wait_until

pytestmark = [
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
    pytest.mark.timeout(300),
]

ROOT = Path(__file__).resolve().parents[2]
MB = 1 << 20
# A worker that may use so many bytes more than it does once it is ready.
_READY = """
import resource, sys
from logplatform.env import suit_parser_process; suit_parser_process()
import django; django.setup()
from pathlib import Path
from ingestion import drain, suspects, watchdog
from ingestion.assemble import warm_up
from ingestion.treatment import plans
plans.treatment_of = lambda app, source: plans.default_treatment()
suspects._SETTLE_S = 0
warm_up()
"""
SMALL = (
    _READY
    + """
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
drain.drain_shard(0, idle_s=0.05)
"""
)
# The same for a cgroup, of version 2 or 1, that counts what is used from then on; no swap.
CGROUP_LIMITS = ("memory.max", "memory.limit_in_bytes")
IN_CGROUP = (
    _READY
    + """
import os
group = Path(sys.argv[1])
(group / "cgroup.procs").write_text(str(os.getpid()))
for name in ("memory.max", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):
    if (group / name).exists():
        (group / name).write_text(sys.argv[2])
if (group / "memory.swap.max").exists():
    (group / "memory.swap.max").write_text("0")
drain.drain_shard(0, idle_s=0.05)
"""
)
# A parser that waits for a lock nobody gives back.
HANGING = (
    _READY
    + """
import threading
watchdog.MOST_IDLE_LOOKS = 4
lock = threading.Lock()
lock.acquire()
assemble = drain.assemble
def hang(entries, **options):
    if any(b"poison" in queued.entry.body for queued in entries):
        lock.acquire()
    return assemble(entries, **options)
drain.assemble = hang
drain.drain_shard(0, idle_s=0.05)
"""
)


def work_off(valkey, script: str, *args: str, most: int = 12) -> int:
    """Let workers drain, one after the other, until one ends well; returns how many did not."""
    for failed in range(most):
        command = [sys.executable, "-c", script, *args]
        done = subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True)
        valkey.delete("lgs:lease:0")
        if done.returncode == 0:
            return failed
    raise AssertionError(done.stderr.decode()[-3000:])


def rejects() -> list[dict]:
    return storage.list_rejects(storage.RejectQuery(apps=APPS), limit=100).lines


def is_empty(valkey) -> bool:
    return not (
        queue.backlog_bytes() or valkey.hlen("lgs:intents:0") or valkey.xlen("lgs:ingest:0")
    )


def big_body(size: int) -> bytes:
    line = b'{"level":"info","message":"' + b"x" * 200 + b'"}'
    return b"\n".join([line] * (size // (len(line) + 1)))


def test_a_body_that_no_worker_can_hold_is_set_aside_and_others_go_on(valkey) -> None:
    small = [b"line %d" % number for number in range(12)]
    for body in small[:6]:
        put(body)
    body = big_body(48 * MB)
    receipt = put(body, strict_json=True)
    for line in small[6:]:
        put(line)
    assert work_off(valkey, SMALL, str(200 * MB)) > 0
    assert messages() == Counter(line.decode() for line in small)
    lines = body.count(b"\n") + 1
    outcome = receipts.find_outcome(receipt, APPS)
    assert (outcome.received, outcome.stored, outcome.quarantined) == (lines, 0, lines)
    rows = rejects()
    assert {row["reason_code"] for row in rows} == {"worker_died"}
    assert "give workers more memory" in rows[0]["reason"]
    assert str(len(body)) in rows[0]["reason"]
    assert is_empty(valkey)
    assert not valkey.exists("lgs:deaths:0")


def test_what_is_kept_unread_is_all_of_the_body(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease._PIECE_BYTES", 1000)
    body = gzip.compress(
        random.Random(1).randbytes(4000).replace(b"\n", b" ") + b"\nsecond", mtime=0
    )
    receipt = put(body, encoding="gzip")
    lease.read(max_bytes=100)
    lease.release()
    (token,) = lease.pending_tokens()
    for _ in range(2):
        condemned = lease.condemn(lease.load_heads(token))
        token = condemned.token
    assert lease.acquire()
    (group,) = suspects.unfinished(lease)
    assert [queued.entry.body for queued in group.entries] == [b""]
    for _ in range(2):
        drain._kept_unread(lease, group)
    drain.store_group(lease, group)
    batch = storage.next_batch(storage.RejectQuery(apps=APPS), after=None, limit=99, max_bytes=MB)
    found = storage.fetch_batch(storage.RejectQuery(apps=APPS), batch)
    assert b"".join(found.sort("line")["raw"]) == body
    assert receipts.find_outcome(receipt, APPS).quarantined == 2
    assert queue.backlog_bytes() == 0


def test_memory_that_ends_while_a_group_is_fetched_counts_as_a_death(monkeypatch) -> None:
    receipt = put(b"too much")
    tries = []

    def fail(self: ShardLease, token: str) -> None:
        tries.append(token)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(drain, "assemble", lambda *_: fail(None, "assemble"))
        with pytest.raises(MemoryError):
            drain_all()
        patch.setattr(ShardLease, "load", fail)
        patch.setattr(suspects, "_SETTLE_S", 0.0)
        for _ in range(3):
            with pytest.raises(MemoryError):
                drain_all()
        assert drain_all() == 1
    assert len(tries) == 4
    assert receipts.find_outcome(receipt, APPS).quarantined == 1


def test_a_body_that_makes_workers_hang_is_found_by_the_watchdog(valkey, monkeypatch) -> None:
    monkeypatch.setenv("LEASE_S", "1")
    put(b"before")
    poison = put(b"poison")
    put(b"behind")
    deaths = work_off(valkey, HANGING)
    assert deaths == 6
    assert messages() == Counter(["before", "behind"])
    (row,) = rejects()
    assert (row["reason_code"], row["receipt"], row["raw"]) == ("worker_died", poison, "poison")
    assert is_empty(valkey)


def test_a_body_that_is_still_read_when_the_task_is_over_counts_as_a_death(monkeypatch) -> None:
    from celery.exceptions import SoftTimeLimitExceeded

    receipt = put(b"slow")

    def stop(*_: object) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(suspects, "_SETTLE_S", 0.0)
        patch.setattr(drain, "assemble", stop)
        for _ in range(3):
            with pytest.raises(watchdog.TooSlow):
                drain_all()
        assert drain_all() == 1
    assert receipts.find_outcome(receipt, APPS).quarantined == 1
    (row,) = rejects()
    assert (row["reason_code"], row["raw"]) == ("worker_died", "slow")


def test_a_busy_reader_and_an_idle_worker_are_left_alone(monkeypatch) -> None:
    ended = []
    monkeypatch.setattr(watchdog.os, "kill", lambda *call: ended.append(call))
    for _ in range(3 * watchdog.MOST_IDLE_LOOKS):
        watchdog.look()
    with watchdog.reading():
        for spent in range(3 * watchdog.MOST_IDLE_LOOKS):
            monkeypatch.setattr(watchdog.time, "process_time", lambda spent=spent: 10.0 * spent)
            watchdog.look()
        assert not ended
        for _ in range(watchdog.MOST_IDLE_LOOKS):
            watchdog.look()
    assert len(ended) == 1


def test_a_hang_that_keeps_the_interpreter_is_ended_by_the_limit_of_the_task(
    valkey, tmp_path: Path
) -> None:
    """The watchdog is a thread of the process and cannot look; Celery's main process can."""
    receipt = put(b"poison")
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.ingestion.hanging"]
    command += ["worker", "--pool", "prefork", "--concurrency", "1"]
    command += ["--without-gossip", "--without-mingle"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env=child_environment(LEASE_S="1"),
            start_new_session=True,
        )
    try:
        # As the settings do, with less than their 240 s, in which a large body may be read.
        tasks.drain.apply_async((0,), time_limit=2, soft_time_limit=1)
        wait_until(lambda: "Hard time limit (2s) exceeded" in log.read_text(), 60, log.read_text)
        wait_until(lambda: not valkey.exists("lgs:lease:0"), 30, log.read_text)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert valkey.hlen("lgs:intents:0") == 1, "what it had in hand is left for the next worker"
    assert drain_all() == 1
    assert receipts.find_outcome(receipt, APPS).stored == 1
    assert is_empty(valkey)


@pytest.fixture
def small_cgroup() -> Iterator[Path]:
    """A group of processes that may use little memory together; who uses more is killed."""
    own = Path("/proc/self/cgroup").read_text().split()
    places = {line.split(":")[1]: line.split(":")[2].strip("/") for line in own}
    root = Path("/sys/fs/cgroup")
    parent = root / "memory" / places["memory"] if "memory" in places else root / places.get("", "")
    group = parent / f"logplatform-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"cgroups cannot be made here: {error}")
    try:
        if not any((group / name).exists() for name in CGROUP_LIMITS):
            pytest.skip(f"the cgroups of {parent} have no memory controller")
        yield group
    finally:
        group.rmdir()


def test_a_body_over_the_memory_of_the_workers_cgroup_is_set_aside(valkey, small_cgroup) -> None:
    """The kernel kills without asking; a container's limit does the same."""
    put(b"small")
    receipt = put(big_body(48 * MB), strict_json=True)
    assert work_off(valkey, IN_CGROUP, str(small_cgroup), str(100 * MB)) > 0
    assert messages() == Counter(["small"])
    outcome = receipts.find_outcome(receipt, APPS)
    assert (outcome.stored, outcome.quarantined) == (0, outcome.received)
    assert {row["reason_code"] for row in rejects()} == {"worker_died"}
    assert is_empty(valkey)
