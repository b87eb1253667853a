"""The queue's disk is slow, breaks, or its clock jumps: what was acknowledged stays."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ingestion import queue
from ingestion.errors import OutcomeUnknown
from logplatform.api_access import IngestLimits
from logplatform.kernel import clock
from tests.ingestion.conftest import used
from tests.ingestion.test_fallbacks import read_all
from tests.ingestion.test_queue import put
from tests.ingestion.valkeys import Server
from tests.services import wait_until

pytestmark = [pytest.mark.usefixtures("one_shard"), pytest.mark.timeout(120)]

_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_HOUR = 3600


def injecting(fault: str) -> list[str]:
    """Runs the server with a fault of its disk; as its own process, so that a kill is a kill."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    command = [strace, "-D", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]
    command += ["-e", f"inject=fdatasync:{fault}"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("processes may not be traced here")
    return command


@contextmanager
def running(server: Server, settings: Any) -> Iterator[None]:
    server.start()
    try:
        with used(server, settings):
            yield
    finally:
        server.send(signal.SIGKILL)


def test_a_slow_disk_costs_time_and_nothing_else(tmp_path: Path, settings) -> None:
    """Who waits shares the fsync: 40 bodies of 20 senders take a few, not 40 of 0.2 s each."""
    server = Server(tmp_path, under=injecting("delay_enter=200000"))
    with running(server, settings):
        began = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            taken = list(pool.map(lambda number: put(b"%02d" % number), range(40)))
        took_s = time.monotonic() - began
        server.kill()
        server.under = []
        server.start()
        assert sorted(read_all()) == [b"%02d" % number for number in range(40)]
    assert len({answer.receipt for answer in taken}) == 40
    assert 0.2 <= took_s < 8


def test_a_disk_that_breaks_ends_the_server_and_loses_nothing(tmp_path: Path, settings) -> None:
    """It promises nothing it could not write; started again on a disk that works, all is there."""
    server = Server(tmp_path, under=injecting("error=EIO:when=20+"))
    promised: list[bytes] = []
    with running(server, settings):
        for number in range(60):
            with suppress(queue.QueueDown, OutcomeUnknown):
                put(b"%02d" % number)
                promised.append(b"%02d" % number)
            if not server.answers():
                break
        assert server.process is not None
        wait_until(lambda: server.process.poll() is not None, 10)
        with pytest.raises(queue.QueueDown):
            put(b"nobody there")
        server.under = []
        server.start()
        assert put(b"after").is_new
        found = read_all()
    assert 5 < len(promised) < 60
    assert set(promised) <= set(found)
    assert len(found) == len(set(found))


class Jumping:
    """A server whose clock is set while it runs."""

    def __init__(self, folder: Path) -> None:
        if not _FAKETIME.exists():
            pytest.skip("faketime is not installed")
        self._offset = folder / "offset"
        self._write(0)
        variables = {
            "LD_PRELOAD": str(_FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.server = Server(folder, environment=variables)

    def set(self, offset_s: int) -> None:
        """Returns once the server has noticed."""
        self._write(offset_s)
        wait_until(lambda: abs(self.now() - time.time() - offset_s) < _HOUR / 4, 5)

    def _write(self, offset_s: int) -> None:
        draft = self._offset.with_suffix(".draft")
        draft.write_text(f"{offset_s:+d}s")
        draft.replace(self._offset)

    def now(self) -> float:
        seconds, micros = queue.client().time()
        return seconds + micros / 1e6


@pytest.fixture
def jumping(tmp_path: Path, settings) -> Iterator[Jumping]:
    jumping = Jumping(tmp_path)
    with running(jumping.server, settings):
        yield jumping


def test_the_clock_of_the_queue_may_jump_an_hour_either_way(jumping: Jumping) -> None:
    real = time.time()
    first = put(b"first", key="k")
    jumping.set(_HOUR)
    assert jumping.now() - real > _HOUR - 60, "the clock did jump"
    assert put(b"ahead").is_new
    assert not put(b"first", key="k").is_new
    jumping.set(-_HOUR)
    assert jumping.now() - real < 60 - _HOUR
    assert put(b"behind").is_new
    again = put(b"first", key="k")
    assert (again.is_new, again.receipt) == (False, first.receipt)
    state = queue.shard_states(clock.now())[0]
    assert state.entries == 3
    assert state.oldest_age_s is not None
    assert state.oldest_age_s >= 0
    assert read_all() == [b"first", b"ahead", b"behind"]


def test_a_clock_that_went_back_keeps_no_key_out(jumping: Jumping) -> None:
    from tests.ingestion.test_quotas import enqueue

    limits = IngestLimits(key_bytes_per_s=10)
    jumping.set(_HOUR)
    enqueue(b"x" * 150, limits=limits)
    with pytest.raises(queue.OverQuota) as over:
        enqueue(b"x", limits=limits)
    assert over.value.wait_s < 60
    jumping.set(-_HOUR)
    assert enqueue(b"x", limits=limits).is_new


def test_a_lease_that_a_jump_ended_is_noticed(jumping: Jumping) -> None:
    put(b"one")
    lease = queue.ShardLease(0)
    assert lease.acquire()
    jumping.set(_HOUR)
    other = queue.ShardLease(0)
    wait_until(other.acquire, 5)
    with pytest.raises(queue.LeaseLost):
        lease.read(max_bytes=100)
    group = other.read(max_bytes=100)
    jumping.set(-_HOUR)
    other.renew()
    other.acknowledge(group, {})
    assert queue.shard_states(clock.now())[0].entries == 0
    other.release()
