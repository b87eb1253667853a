"""The disk fills up under load: refused in time, nothing promised is lost, and back by itself."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import judge, queue_rest, stored_bodies, stored_receipts
from tests.soak.oracle import Oracle
from tests.soak.senders import Senders

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

MB = 1 << 20
DISK = 400 * MB


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path_factory.mktemp("full") / "data"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def up(disk: Path) -> Iterator[Up]:
    """An installation on it."""
    up = Up(disk, MIN_FREE_BYTES="1M", RESTART_PAUSE_MAX_S="1")
    up.start()
    yield up
    up.stop()


@pytest.fixture
def ballast(disk: Path) -> Iterator["Ballast"]:
    ballast = Ballast(disk / "ballast")
    yield ballast
    ballast.drop()


class Ballast:
    """A file that takes the free space away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def leave(self, size: int) -> None:
        """Leave no more than this free; others take some meanwhile."""
        with self._path.open("wb") as file, suppress(OSError):
            while (free := self._free()) > size:
                os.posix_fallocate(file.fileno(), file.seek(0, 2), min(MB, free - size))

    def _free(self) -> int:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


def not_ready(up: Up) -> bool:
    answer = httpx.get(f"http://127.0.0.1:{up.port}/readyz", timeout=20)
    return answer.json().get("dependencies", {}).get("disk_space") == "unavailable"


def is_settled(up: Up, oracle: Oracle) -> bool:
    try:
        verdict = judge(oracle, stored_bodies(up, oracle), stored_receipts(up))
        return verdict.lost == 0 and queue_rest(up) == {"entries": 0, "groups": 0, "bytes": 0}
    except Exception:
        return False


# Still open: about one time in four something does not come back by itself after the very last
# byte was taken; seen once: the engine calls a part corrupted.
_LAST_BYTE = pytest.param(
    100_000,
    id="to the last byte",
    marks=pytest.mark.xfail(strict=False, reason="the engine may not recover from ENOSPC"),
)


# 15 MiB: the guard closes the door (it keeps 5 %, 20 MiB); 100 kB: the queue's server hits the end.
@pytest.mark.parametrize("left", [pytest.param(15 * MB, id="nearly full"), _LAST_BYTE])
def test_a_full_disk_costs_nothing_that_was_promised(up: Up, ballast: Ballast, left: int) -> None:
    oracle = Oracle(run=f"full{left}", lines=400)
    valkey = up.main_pid("valkey")
    senders = Senders(up, oracle, keyed=3, bare=2, pause_s=0.02)
    try:
        wait_until(lambda: senders.answers.get("202 queue", 0) > 20, 60, up.text)
        ballast.leave(left)
        wait_until(
            lambda: senders.answers.get("503 disk_full", 0) > 5, 30, lambda: str(senders.answers)
        )
        assert not_ready(up)
        taken = senders.answers.get("202 queue", 0)
        ballast.drop()
        wait_until(
            lambda: senders.answers["202 queue"] > taken + 20, 90, lambda: str(senders.answers)
        )
    finally:
        is_over = senders.stop(60)
    assert is_over, up.text()[-4000:]
    assert not senders.problems
    wait_until(lambda: is_settled(up, oracle), 90, lambda: up.text()[-6000:])
    rows = stored_receipts(up)
    mine = [row for row in rows if row["receipt"] in {body.receipt for body in oracle.bodies}]
    verdict = judge(oracle, stored_bodies(up, oracle), mine)
    assert verdict.is_good, verdict
    assert up.answers("/readyz")
    if left < MB:
        assert up.main_pid("valkey") != valkey, "it ends where it cannot append, and is restarted"
