"""Outlives the supervisor by seconds: when it is killed, ends the process groups it left.

Run as `python -m logplatform.embedded.supervisor.reaper`. Reads `add RANK GROUP`, `remove GROUP`
and `bye` from its input; the end of the input without `bye` means that the supervisor died.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

from logplatform.embedded.supervisor.processes import signal_group

_PATIENCE_S = 2.0


class Reaper:
    """The supervisor's end: tells the process which groups there are."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, rank: int, group: int) -> None:
        """A group was started; higher ranks are ended first."""
        self._tell(f"add {rank} {group}")

    def remove(self, group: int) -> None:
        """A group has ended."""
        self._tell(f"remove {group}")

    def dismiss(self) -> None:
        """All groups have ended."""
        self._tell("bye")
        self._process.wait()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise AssertionError("BUG: the reaper has no input")
        with suppress(BrokenPipeError):
            pipe.write(f"{line}\n".encode())
            pipe.flush()


def watch(lines: Iterable[str]) -> dict[int, int]:
    """Follow the supervisor to its end; rank by group of what it left, empty after a `bye`."""
    groups: dict[int, int] = {}
    for line in lines:
        match line.split():
            case ["add", rank, group]:
                groups[int(group)] = int(rank)
            case ["remove", group]:
                groups.pop(int(group), None)
            case ["bye"]:
                return {}
    return groups


def end_groups(groups: dict[int, int]) -> None:
    """Rank by rank: SIGTERM to the leaders, then SIGKILL to the groups."""
    for rank in sorted(set(groups.values()), reverse=True):
        members = [group for group, its_rank in groups.items() if its_rank == rank]
        for leader in members:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(leader, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and any(signal_group(group, 0) for group in members):
            time.sleep(0.02)
        for group in members:
            signal_group(group, signal.SIGKILL)


def main() -> None:
    """Wait for the end of the supervisor."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(watch(sys.stdin))


if __name__ == "__main__":
    main()
