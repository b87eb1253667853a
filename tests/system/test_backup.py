"""A copy of a moment, made while lines come in and started elsewhere, has what was promised then.

All processes are frozen while it is made, as a snapshot of the file system would see them: stopped
in the middle of whatever they do. A copy of a stopped installation is the easier case.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import judge, stored_bodies, stored_receipts, what_is_open
from tests.soak.oracle import Oracle
from tests.soak.senders import Senders

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path / "data")
    up.start()
    yield up
    up.stop()


@contextmanager
def frozen(up: Up) -> Iterator[None]:
    """Nobody does anything; the supervisor first, which would miss the others."""
    assert up.process is not None
    pids = [up.process.pid, *up.pids]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def as_of_now(oracle: Oracle) -> Oracle:
    """What was issued and promised so far."""
    return replace(oracle, bodies=[replace(body) for body in list(oracle.bodies)])


def kept_all(up: Up, oracle: Oracle) -> None:
    """Each promise was kept, once, and nothing else is there."""
    wait_until(lambda: not what_is_open(up, oracle), 120, lambda: what_is_open(up, oracle))
    verdict = judge(oracle, stored_bodies(up, oracle), stored_receipts(up))
    assert verdict.is_good, verdict


def test_a_copy_made_under_load_is_exact_elsewhere(up: Up, tmp_path: Path) -> None:
    oracle = Oracle(run="copied", lines=200)
    elsewhere = tmp_path / "elsewhere"
    senders = Senders(up, oracle, keyed=3, bare=1, pause_s=0.02)

    def taken() -> int:
        return senders.answers.get("202 queue", 0)

    try:
        wait_until(lambda: taken() > 100, 90, up.text)
        with frozen(up):
            shutil.copytree(up.folder, elsewhere, symlinks=True)
            then = as_of_now(oracle)
        before = taken()
        wait_until(lambda: taken() > before + 20, 60, up.text)
    finally:
        is_over = senders.stop(60)
    assert is_over, up.text()[-4000:]
    copy = Up(elsewhere)
    copy.start()
    try:
        kept_all(copy, then)
    finally:
        copy.stop()
    # The original went on meanwhile, and the start of its copy did not end it.
    kept_all(up, oracle)
    assert len(oracle.bodies) > len(then.bodies)
