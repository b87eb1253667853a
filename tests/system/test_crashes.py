"""kill -9 and stalls at every step of a line's way: each line is there once afterwards."""

import itertools
import signal
from collections.abc import Iterator

import pytest

from tests import faults
from tests.held import STEPS, Steps
from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import judge, queue_rest, stored_bodies, stored_receipts
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


def all_stored(up: Up, oracle: Oracle) -> bool:
    try:
        verdict = judge(oracle, stored_bodies(up, oracle), stored_receipts(up))
        return verdict.lost == 0 and queue_rest(up)["entries"] == 0
    except Exception:
        return False


def assert_kept(up: Up, oracle: Oracle, *, timeout_s: float = 60) -> None:
    """Everything promised comes to be stored, once, and the queue is empty to the byte."""
    wait_until(lambda: all_stored(up, oracle), timeout_s, lambda: up.text()[-6000:])
    found, receipts = stored_bodies(up, oracle), stored_receipts(up)
    verdict = judge(oracle, found, [row for row in receipts if is_of(oracle, row)])
    assert verdict.is_good, verdict
    assert queue_rest(up) == {"entries": 0, "groups": 0, "bytes": 0}


def is_of(oracle: Oracle, row: dict[str, object]) -> bool:
    return row["receipt"] in {body.receipt for body in oracle.bodies}


# What holds the line at a step dies there; others die while it is held.
OWNER = {"door": "web's worker", "drain": "worker's child", "engine": "engine"}
CASES = [
    *((step, OWNER[step.split(".")[0]]) for step in STEPS),
    ("door.after_enqueue", "valkey"),
    ("drain.claimed", "worker"),
    ("drain.claimed", "engine"),
    ("drain.logs_written", "valkey"),
    ("drain.before_acknowledge", "valkey"),
    ("engine.mid_insert", "beat"),
    ("drain.before_acknowledge", "everything"),
]


@pytest.mark.parametrize(("step", "victim"), CASES, ids=[" kills ".join(case) for case in CASES])
def test_a_kill_at_a_step_loses_and_doubles_nothing(
    up: Up, steps: Steps, oracle: Oracle, step: str, victim: str
) -> None:
    steps.want(step)
    senders = Senders(up, oracle, keyed=2, bare=0, pause_s=0.05)
    try:
        holder = steps.wait(step, 30)
        assert holder, f"nobody came to {step}"
        if victim == OWNER[step.split(".")[0]]:
            faults.send(holder, signal.SIGKILL)
        else:
            faults.kill(up, victim)
    finally:
        steps.release()
        is_over = senders.stop(60)
    assert is_over, up.text()[-4000:]
    assert not senders.problems
    assert_kept(up, oracle)
