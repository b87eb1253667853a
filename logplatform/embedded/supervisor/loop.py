"""The supervisor: one thread that starts stages, watches, restarts, and stops in order."""

import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

from logplatform.embedded.supervisor.child import Child, Spec
from logplatform.embedded.supervisor.printer import LineSplitter, Printer
from logplatform.embedded.supervisor.reaper import Reaper

_TICK_S = 0.05
_TRIES = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(Exception):
    """A child did not become ready; the text says which and why."""


def _ignores_hangup() -> bool:
    """Whether we run under nohup."""
    return signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


class Supervisor:
    """Runs stages of children until told to stop.

    Args:
        stages: children of one stage start together; the next stage starts when all are ready.
        printer: gets every line the children write.
    """

    def __init__(self, stages: Sequence[Sequence[Spec]], printer: Printer) -> None:
        self._stages = [[Child(spec) for spec in stage] for stage in stages]
        self._children: list[Child] = []
        self._printer = printer
        self._selector = selectors.DefaultSelector()
        self._splitters: dict[int, LineSplitter] = {}
        self._last_lines: dict[str, deque[str]] = {}
        self._stops = 0
        self._reaper = Reaper()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start all, call `on_ready`, and return after SIGINT, SIGTERM or SIGHUP and a full stop.

        Raises:
            StartError: a child did not become ready; everything is stopped again.
        """
        wake, self._wake = socket.socketpair()
        wake.setblocking(False)
        self._wake.setblocking(False)
        for number in _SIGNALS:
            if number != signal.SIGHUP or not _ignores_hangup():
                signal.signal(number, self._note_signal)  # for good: nothing may cut a stop short
        before_fd = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(wake, selectors.EVENT_READ)
        try:
            if self._start_all():
                on_ready()
            while not self._stops:
                self._tick()
        finally:
            self._stop_all()
            self._selector.unregister(wake)
            signal.set_wakeup_fd(before_fd)
            wake.close()
            self._wake.close()

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def _start_all(self) -> bool:
        """False when told to stop meanwhile."""
        for stage in self._stages:
            for child in stage:
                self._children.append(child)
                self._start(child)
            while not all(child.is_ready for child in stage):
                if self._stops:
                    return False
                self._tick()
                self._check_starting(stage)
        return not self._stops

    def _check_starting(self, stage: Sequence[Child]) -> None:
        now = time.monotonic()
        for child in stage:
            tries = 1 if child.spec.is_job else _TRIES
            if child.failures >= tries and not child.is_ready:
                raise self._start_error(child, child.describe_end())
            if child.is_late(now):
                raise self._start_error(child, f"was not ready after {child.spec.start_s:.0f} s")

    def _start_error(self, child: Child, reason: str) -> StartError:
        lines = "\n".join(f"  {line}" for line in self._last_lines.get(child.spec.name, ()))
        return StartError(f"{child.spec.name} {reason}.\n{lines}".rstrip())

    def _start(self, child: Child) -> None:
        child.start(time.monotonic())
        self._reaper.add(child.spec.rank, child.group)
        self._splitters[child.output] = LineSplitter()
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _tick(self) -> None:
        self._read_output()
        now = time.monotonic()
        for child in self._children:
            if child.has_ended():
                self._note_end(child, now)
            elif child.retry_at is not None and now >= child.retry_at:
                self._start(child)
            elif child.probe(now) and child.failures:
                self._printer.say(f"{child.spec.name} is ready again")

    def _read_output(self) -> None:
        for key, _events in self._selector.select(_TICK_S):
            if key.data is None:
                with suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]  # the wake-up socket
            else:
                self._read_lines(key.data)

    def _read_lines(self, child: Child) -> bool:
        """Print what is there; false at the end of the output."""
        output = child.output
        try:
            data = os.read(output, 64 << 10)
        except BlockingIOError:
            return False
        if not data:
            with suppress(KeyError):
                self._selector.unregister(output)
        last = self._last_lines.setdefault(child.spec.name, deque(maxlen=15))
        for line in self._splitters[output].feed(data or b"\n"):  # the last may lack its end
            last.append(line)
            self._printer.line(child.spec.name, line)
        return bool(data)

    def _note_end(self, child: Child, now: float) -> None:
        self._forget(child)
        child.note_end(now)
        if child.retry_at is not None:
            self._printer.say(
                f"{child.spec.name} {child.describe_end()}; "
                f"starting it again in {child.pause_s:.1f} s"
            )

    def _forget(self, child: Child) -> None:
        while self._read_lines(child):
            pass
        self._splitters.pop(child.output, None)
        with suppress(KeyError):
            self._selector.unregister(child.output)
        self._reaper.remove(child.group)

    def _stop_all(self) -> None:
        self._printer.say("stopping")
        running = [child for child in self._children if child.process is not None]
        for child in self._children:
            child.retry_at = None
        for rank in sorted({child.spec.rank for child in running}, reverse=True):
            self._stop_together([child for child in running if child.spec.rank == rank])
        self._reaper.dismiss()

    def _stop_together(self, children: Sequence[Child]) -> None:
        began, patience = time.monotonic(), self._stops
        for child in children:
            child.terminate()
        for child in children:
            deadline = began + child.spec.stop_s
            while not child.has_ended() and time.monotonic() < deadline:
                if self._stops > max(patience, 1):  # a second Ctrl-C: at once
                    break
                self._read_output()
            self._end(child)

    def _end(self, child: Child) -> None:
        if not child.has_ended():
            self._printer.say(f"{child.spec.name} did not stop in time and is killed")
        self._forget(child)
        child.close()
