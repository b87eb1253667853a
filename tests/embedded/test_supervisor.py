"""The supervisor over small children: order, restarts, stops, and no orphan ever."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logplatform.embedded.supervisor.child import Child, Spec
from logplatform.embedded.supervisor.printer import LineSplitter
from logplatform.embedded.supervisor.processes import end_leftovers, pids_of_run
from logplatform.embedded.supervisor.reaper import watch
from tests.services import wait_until

# Says what happens to it in a shared file; ends on SIGTERM.
OBEDIENT = """
import signal, sys, time
def say(word):
    with open({journal!r}, "a") as file: file.write(word + " {name}\\n")
def stop(*_): say("stop"); sys.exit()
signal.signal(signal.SIGTERM, stop)
say("start")
while True: time.sleep(60)
"""
# Ignores SIGTERM, and so does the grandchild it starts in the same group.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
while True: time.sleep(60)
"""


class Run:
    """A supervisor process and what is known of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, secrets.token_hex(8)
        self.journal = folder / "journal"
        self.journal.touch()
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def child(self, name: str, **options: Any) -> dict[str, Any]:
        code = OBEDIENT.format(journal=str(self.journal), name=name)
        return {"name": name, "code": code, **options}

    def start(self, *stages: list[dict[str, Any]]) -> "subprocess.Popen[bytes]":
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps({"token": self.token, "stages": stages}))
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.embedded.supervised", str(plan)], stdout=output
            )
        return self.process

    def wait_ready(self) -> None:
        wait_until(lambda: "ALL READY" in self.output.read_text(), 10, self.output.read_text)

    @property
    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines()

    @property
    def pids(self) -> list[int]:
        return pids_of_run(self.token)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Nothing of it outlives the test."""
    run = Run(tmp_path)
    yield run
    if run.process is not None:
        run.process.kill()
        run.process.wait()
    end_leftovers(run.token, patience_s=0)


def test_stages_start_in_order_and_ranks_stop_in_reverse(run: Run) -> None:
    ready = run.folder / "first-is-ready"
    first = run.child("first", ready_file=str(ready))
    supervisor = run.start([first], [run.child("second", rank=1)], [run.child("third", rank=2)])
    wait_until(lambda: run.lines == ["start first"], 10)
    ready.touch()
    run.wait_ready()
    wait_until(lambda: len(run.lines) == 3, 10)
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert run.lines == [
        *("start first", "start second", "start third"),
        *("stop third", "stop second", "stop first"),
    ]


def test_a_killed_child_is_started_again(run: Run) -> None:
    run.start([run.child("one"), run.child("two")])
    run.wait_ready()
    wait_until(lambda: len(run.lines) == 2, 10)
    for pid in run.pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(run.lines) == 4, 10)
    assert sorted(run.lines) == ["start one"] * 2 + ["start two"] * 2
    assert "was ended by SIGKILL; starting it again in 0.2 s" in run.output.read_text()


def test_a_child_that_ignores_sigterm_is_killed_with_its_children(run: Run) -> None:
    supervisor = run.start([{"name": "stubborn", "code": STUBBORN, "stop_s": 0.5}])
    wait_until(lambda: len(run.pids) == 2, 10)
    began = time.monotonic()
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert time.monotonic() - began < 2
    assert run.pids == []


def test_a_second_ctrl_c_does_not_wait(run: Run) -> None:
    supervisor = run.start([{"name": "stubborn", "code": STUBBORN, "stop_s": 30}])
    wait_until(lambda: len(run.pids) == 2, 10)
    run.wait_ready()
    supervisor.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in run.output.read_text(), 5)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(5) == 0
    assert run.pids == []


def test_nothing_is_left_when_the_supervisor_is_killed(run: Run) -> None:
    supervisor = run.start([run.child("good", rank=1), {"name": "stubborn", "code": STUBBORN}])
    wait_until(lambda: len(run.pids) == 3 and run.lines == ["start good"], 10)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: run.pids == [], 8, lambda: f"left: {run.pids}")
    # The kernel and the reaper both tell it to stop: it may hear that twice.
    assert list(dict.fromkeys(run.lines)) == ["start good", "stop good"]


def test_a_child_that_cannot_start_ends_all_with_its_last_words(run: Run) -> None:
    broken = {"name": "broken", "code": "import sys; sys.exit('no such thing')"}
    supervisor = run.start([run.child("good")], [{**broken, "ready_file": "/nonexistent"}])
    assert supervisor.wait(15) == 1
    output = run.output.read_text()
    assert "FAILED broken ended with exit code 1.\n  no such thing" in output
    assert run.lines == ["start good", "stop good"]
    assert run.pids == []


def test_a_child_that_is_never_ready_is_named(run: Run) -> None:
    supervisor = run.start([run.child("slow", ready_file="/nonexistent", start_s=0.5)])
    assert supervisor.wait(10) == 1
    assert "FAILED slow was not ready after" in run.output.read_text()


@pytest.mark.parametrize(("code", "expected"), [("print('done')", 0), ("raise SystemExit(3)", 1)])
def test_a_job_must_end_well_before_the_next_stage(run: Run, code: str, expected: int) -> None:
    supervisor = run.start([{"name": "job", "code": code, "is_job": True}], [run.child("next")])
    if expected == 0:
        run.wait_ready()
        supervisor.terminate()
    assert supervisor.wait(10) == expected
    assert ("start next" in run.lines) == (expected == 0)


def test_pauses_between_restarts_grow_to_ten_seconds_and_are_forgotten() -> None:
    child = Child(Spec(name="x", command=(sys.executable, "-c", ""), rank=0))
    pauses, now = [], 0.0
    for _ in range(8):
        child.start(now)
        wait_until(child.has_ended, 10)
        child.note_end(now)
        pauses.append(child.pause_s)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    child.start(now)
    wait_until(child.has_ended, 10)
    child.note_end(now + 31)
    assert child.pause_s == 0.2


def test_lines_are_cut_where_they_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"eins\r\nzw") == ["eins"]
    assert splitter.feed(b"ei\n\xff\n") == ["zwei", "\ufffd"]
    assert [len(line) for line in splitter.feed(b"x" * 70_000)] == [70_000]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["add 1 10", "add 2 20", "remove 10"], {20: 2}),
        (["add 1 10", "bye"], {}),
        (["nonsense"], {}),
    ],
)
def test_the_reaper_knows_what_is_left(lines: list[str], left: dict[int, int]) -> None:
    assert watch(lines) == left


def test_output_names_its_process(run: Run) -> None:
    code = """print('{"level": "INFO", "message": "hi", "n": 1}'); print('plain')"""
    supervisor = run.start([{"name": "job", "code": code, "is_job": True}])
    run.wait_ready()
    supervisor.terminate()
    supervisor.wait(10)
    lines = run.output.read_text().splitlines()[:2]
    assert [json.loads(line) for line in lines] == [
        {"process": "job", "level": "INFO", "message": "hi", "n": 1},
        {"process": "job", "message": "plain"},
    ]
