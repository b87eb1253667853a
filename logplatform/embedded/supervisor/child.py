"""One supervised process: started, found ready, restarted with back-off, stopped."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from logplatform.embedded.supervisor.processes import dying_with_parent, signal_group

_FIRST_PAUSE_S = 0.2
_HEALTHY_AFTER_S = 30.0
_PROBE_EVERY_S = 0.1


def _always() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What to run.

    `is_ready` is asked ten times a second until it says yes and must answer within a second.
    Children of a higher `rank` stop first, those of one rank together; each gets `stop_s` after
    SIGTERM. A job runs once; it is ready when it ended with 0. What keeps dying is started
    again after a pause that doubles up to `longest_pause_s`.
    """

    name: str
    command: tuple[str, ...]
    rank: int
    is_ready: Callable[[], bool] = _always
    before_start: Callable[[], None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    stop_s: float = 1.0
    start_s: float = 60.0
    longest_pause_s: float = 10.0
    is_job: bool = False


class Child:
    """The process of a Spec. All times are seconds of one monotonic clock."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False
        self.failures = 0
        self.exit_code: int | None = None
        self.retry_at: float | None = None
        self._started_at = 0.0
        self._next_probe_at = 0.0

    @property
    def output(self) -> int:
        """File descriptor of what it writes."""
        if self.process is None or self.process.stdout is None:
            raise AssertionError(f"BUG: {self.spec.name} is not running")
        return self.process.stdout.fileno()

    @property
    def group(self) -> int:
        """Its process group, which holds its own children as well."""
        if self.process is None:
            raise AssertionError(f"BUG: {self.spec.name} is not running")
        return self.process.pid

    def start(self, now: float) -> None:
        """Start it in a group of its own, so that Ctrl-C reaches only the supervisor."""
        self.spec.before_start()
        self.is_ready, self.retry_at = False, None
        self._started_at = self._next_probe_at = now
        self.process = subprocess.Popen(
            self.spec.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.spec.environment) or None,
            cwd=self.spec.folder,
            start_new_session=True,
            preexec_fn=dying_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
        )
        os.set_blocking(self.output, False)

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is not None and self.process.poll() is not None

    def probe(self, now: float) -> bool:
        """Ask whether it is ready; true when it has just become so."""
        if self.process is None or self.is_ready or self.spec.is_job or now < self._next_probe_at:
            return False
        self.is_ready = self.spec.is_ready()
        self._next_probe_at = now + _PROBE_EVERY_S
        return self.is_ready

    def is_late(self, now: float) -> bool:
        """Whether it takes longer to become ready than it may."""
        is_waiting = self.process is not None and not self.is_ready
        return is_waiting and now - self._started_at > self.spec.start_s

    def note_end(self, now: float) -> None:
        """After it ended: remember why, and when to start it again (a job is not)."""
        if self.process is None:
            raise AssertionError(f"BUG: {self.spec.name} ended twice")
        if now - self._started_at > _HEALTHY_AFTER_S:
            self.failures = 0
        self.exit_code = self.process.returncode
        self.is_ready = self.spec.is_job and self.exit_code == 0
        self.close()
        if self.is_ready:
            return
        self.failures += 1
        if not self.spec.is_job:
            self.retry_at = now + self.pause_s

    @property
    def pause_s(self) -> float:
        """How long to wait before the next start: 0.2 s, doubled with every failure."""
        return min(_FIRST_PAUSE_S * 2.0 ** (self.failures - 1), self.spec.longest_pause_s)

    def terminate(self) -> None:
        """SIGTERM to the process alone: it stops its own children in order."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """SIGKILL to whatever is left of its group; collects the process."""
        if self.process is None:
            return
        signal_group(self.group, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def describe_end(self) -> str:
        """Why it ended, in words."""
        if self.exit_code is not None and self.exit_code < 0:
            return f"was ended by {signal.Signals(-self.exit_code).name}"
        return f"ended with exit code {self.exit_code}"
