"""The disk fills up under load: refused in time, nothing promised is lost, and back by itself."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.installation import Up
from tests.services import wait_until
from tests.small_disk import MB, Ballast, small_disk
from tests.soak.judge import judge, stored_bodies, stored_receipts, what_is_open
from tests.soak.oracle import Oracle
from tests.soak.senders import Senders

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

DISK = 400 * MB


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    with small_disk(tmp_path_factory.mktemp("full") / "data", DISK) as folder:
        yield folder


@pytest.fixture(scope="module")
def up(disk: Path) -> Iterator[Up]:
    """An installation on it."""
    up = Up(disk, MIN_FREE_BYTES="1M", RESTART_PAUSE_MAX_S="1")
    up.start()
    yield up
    up.stop()


@pytest.fixture
def ballast(disk: Path) -> Iterator[Ballast]:
    ballast = Ballast(disk / "ballast")
    yield ballast
    ballast.drop()


def not_ready(up: Up) -> bool:
    answer = httpx.get(f"http://127.0.0.1:{up.port}/readyz", timeout=20)
    return answer.json().get("dependencies", {}).get("disk_space") == "unavailable"


# 15 MiB: the guard closes the door (it keeps 5 %, 20 MiB). Nothing at all: the queue's server hits
# the end, and so may the engine in the middle of an insert or a merge.
@pytest.mark.parametrize(
    "left", [pytest.param(15 * MB, id="nearly full"), pytest.param(0, id="to the last byte")]
)
def test_a_full_disk_costs_nothing_that_was_promised(up: Up, ballast: Ballast, left: int) -> None:
    oracle = Oracle(run=f"full{left}", lines=400)
    valkey = up.main_pid("valkey")
    senders = Senders(up, oracle, keyed=3, bare=2, pause_s=0.02)
    try:
        wait_until(lambda: senders.answers.get("202 queue", 0) > 20, 60, up.text)
        if left:
            ballast.leave(left)
        else:
            ballast.take_all()
            wait_until(
                lambda: up.main_pid("valkey") != valkey, 60, "it ends where it cannot append"
            )
        wait_until(
            lambda: senders.answers.get("503 disk_full", 0) > 5, 30, lambda: str(senders.answers)
        )
        wait_until(lambda: not_ready(up), 30, "/readyz does not say so")
        taken = senders.answers.get("202 queue", 0)
        ballast.drop()
        wait_until(
            lambda: senders.answers["202 queue"] > taken + 20, 90, lambda: str(senders.answers)
        )
    finally:
        is_over = senders.stop(60)
    assert is_over, up.text()[-4000:]
    assert not senders.problems
    wait_until(
        lambda: not what_is_open(up, oracle),
        90,
        lambda: f"{what_is_open(up, oracle)}\n{up.text()[-6000:]}",
    )
    rows = stored_receipts(up)
    mine = [row for row in rows if row["receipt"] in {body.receipt for body in oracle.bodies}]
    verdict = judge(oracle, stored_bodies(up, oracle), mine)
    assert verdict.is_good, verdict
    wait_until(lambda: up.answers("/readyz"), 30, up.text)
