"""A process stands still at a step only where a test asked for it, one at a time."""

import threading
from collections.abc import Iterator

import pytest

from logplatform.kernel import failpoints
from tests.held import Steps


@pytest.fixture
def steps(tmp_path) -> Iterator[Steps]:
    steps = Steps(tmp_path)
    failpoints.arm(str(tmp_path))
    yield steps
    failpoints.arm("")
    steps.release()


def test_without_a_folder_nothing_is_held(tmp_path) -> None:
    Steps(tmp_path).want("a.step")
    failpoints.reach("a.step")


def test_only_the_step_asked_for_is_held_until_it_is_released(steps: Steps) -> None:
    steps.want("a.step")
    failpoints.reach("another.step")
    thread = threading.Thread(target=failpoints.reach, args=("a.step",))
    thread.start()
    assert steps.wait("a.step", 5)
    failpoints.reach("a.step")  # somebody else passes
    steps.release()
    thread.join(5)
    assert not thread.is_alive()
