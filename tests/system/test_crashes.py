"""kill -9, stalls and outages at every step of a line's way: each line is there once afterwards."""

import itertools
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import httpx
import pytest

from tests import faults
from tests.held import STEPS, Steps
from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import ask, judge, stored_bodies, stored_receipts, what_is_open
from tests.soak.oracle import Oracle
from tests.soak.senders import Senders

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LINES = 300
LEASE_S = 2
_runs = itertools.count()


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    return Steps(tmp_path_factory.mktemp("steps") / "points")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, steps: Steps) -> Iterator[Up]:
    """A running installation that these tests may break."""
    folder = tmp_path_factory.mktemp("crash") / "data"
    settings = {"FAILPOINTS_DIR": str(steps.folder), "LEASE_S": str(LEASE_S)}
    up = Up(folder, **settings, RESTART_PAUSE_MAX_S="1")
    up.start()
    yield up
    steps.release()
    up.stop()


@pytest.fixture
def oracle() -> Oracle:
    return Oracle(run=f"r{next(_runs)}", lines=LINES)


def assert_kept(up: Up, oracle: Oracle, *, timeout_s: float = 60) -> None:
    """Everything promised comes to be stored, once, and the queue is empty to the byte."""
    wait_until(
        lambda: not what_is_open(up, oracle),
        timeout_s,
        lambda: f"{what_is_open(up, oracle)}\n{up.text()[-6000:]}",
    )
    found, receipts = stored_bodies(up, oracle), stored_receipts(up)
    verdict = judge(oracle, found, [row for row in receipts if is_of(oracle, row)])
    assert verdict.is_good, verdict


def is_of(oracle: Oracle, row: dict[str, object]) -> bool:
    return row["receipt"] in {body.receipt for body in oracle.bodies}


# What holds the line at a step dies there; others die while it is held.
OWNER = {"door": "web's worker", "drain": "worker's child", "engine": "engine"}
CASES = [
    *((step, OWNER[step.split(".")[0]]) for step in STEPS),
    ("door.after_enqueue", "valkey"),
    ("drain.claimed", "worker"),
    ("drain.claimed", "engine"),
    ("drain.before_acknowledge", "valkey"),
    ("engine.mid_insert", "beat"),
    ("drain.before_acknowledge", "everything"),
]


@contextmanager
def load(up: Up, oracle: Oracle, senders: int = 2) -> Iterator[Senders]:
    """Senders for the time of the block; afterwards each has delivered what it had in hand."""
    running = Senders(up, oracle, keyed=senders, bare=0, pause_s=0.05)
    is_over = False
    try:
        yield running
    finally:
        is_over = running.stop(60)
    assert is_over, up.text()[-4000:]
    assert not running.problems


@pytest.mark.parametrize(("step", "victim"), CASES, ids=[" kills ".join(case) for case in CASES])
def test_a_kill_at_a_step_loses_and_doubles_nothing(
    up: Up, steps: Steps, oracle: Oracle, step: str, victim: str
) -> None:
    steps.want(step)
    with load(up, oracle):
        try:
            holder = steps.wait(step, 30)
            assert holder, f"nobody came to {step}"
            if victim == OWNER[step.split(".")[0]]:
                faults.send(holder, signal.SIGKILL)
            else:
                faults.kill(up, victim)
        finally:
            steps.release()
    assert_kept(up, oracle)


def test_a_worker_that_sleeps_longer_than_its_lease_doubles_nothing(
    up: Up, steps: Steps, oracle: Oracle
) -> None:
    """Another one takes the shard over and stores the group; then the first wakes and goes on."""
    steps.want("drain.claimed")
    with load(up, oracle):
        sleeper = steps.wait("drain.claimed", 30)
        assert sleeper
        faults.send(sleeper, signal.SIGSTOP)
        try:
            steps.release()
            promised = {body.number for body in oracle.bodies if body.receipt}
            wait_until(lambda: promised <= set(stored_bodies(up, oracle)), 30)
        finally:
            faults.send(sleeper, signal.SIGCONT)
    assert_kept(up, oracle)


@pytest.mark.parametrize("victim", ["engine", "valkey"])
def test_a_store_that_sleeps_under_load_loses_and_doubles_nothing(
    up: Up, oracle: Oracle, victim: str
) -> None:
    with load(up, oracle):
        assert faults.stall(up, victim, seconds=LEASE_S + 1)
    assert_kept(up, oracle)


def test_a_restart_in_order_under_load_loses_nothing(up: Up, oracle: Oracle) -> None:
    with load(up, oracle):
        wait_until(lambda: len(oracle.bodies) > 10, 30)
        up.stop()
        up.start()
    assert_kept(up, oracle)


def test_a_kill_while_a_body_is_half_read_leaves_nothing_of_it(up: Up, oracle: Oracle) -> None:
    body = oracle.issue(is_keyed=False)
    content = oracle.content(body.number)
    head = (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: 127.0.0.1:{up.port}\r\n"
        f"Authorization: Bearer {up.first_run['ingest_key']}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", up.port), timeout=60) as wire:
        wire.sendall(head + content[: len(content) // 2])
        faults.kill(up, "web")
        with suppress(ConnectionError):
            assert wire.recv(4096) == b""
    wait_until(lambda: up.answers("/readyz"), 60, up.text)
    assert_kept(up, oracle)
    assert stored_bodies(up, oracle) == {}


def test_a_locked_database_under_load_keeps_nobody_out(up: Up, oracle: Oracle) -> None:
    """Somebody's long transaction, or a backup: keys are still read, and bodies are stored."""
    with load(up, oracle), closing(database_of(up)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")
        before = stored_bodies(up, oracle)
        wait_until(lambda: len(stored_bodies(up, oracle)) > len(before) + 10, 60, up.text)
        somebody.rollback()
    assert_kept(up, oracle)


def database_of(up: Up) -> sqlite3.Connection:
    return sqlite3.connect(up.folder / "control.sqlite3", timeout=60, isolation_level=None)


def test_an_outage_of_the_engine_is_sat_out_and_drained_in_order(up: Up, oracle: Oracle) -> None:
    with load(up, oracle) as senders, kept_down(up, "engine"):
        wait_until(lambda: search_status(up) == 503, 60, "searches do not say that it is away")
        before = len(oracle.bodies)
        wait_until(lambda: len(oracle.bodies) > before + 20, 60, "nothing is taken meanwhile")
    assert set(senders.answers) == {"202 queue"}
    assert_kept(up, oracle)
    rows = [row for row in ask(up, "SELECT receipt, done_at FROM receipts") if is_of(oracle, row)]
    places = sorted((row["done_at"], *map(int, row["receipt"].split("-"))) for row in rows)
    for shard in {place[1] for place in places}:
        in_shard = [place[2:] for place in places if place[1] == shard]
        assert in_shard == sorted(in_shard)


def search_status(up: Up) -> int:
    headers = {"Authorization": f"Bearer {up.first_run['query_key']}"}
    url = f"http://127.0.0.1:{up.port}/api/v1/logs"
    return httpx.get(url, headers=headers, timeout=30).status_code


@contextmanager
def kept_down(up: Up, victim: str) -> Iterator[None]:
    """It dies as soon as it is there, as long as the block runs."""
    is_over = threading.Event()

    def strike() -> None:
        while not is_over.wait(0.1):
            faults.kill(up, victim)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
