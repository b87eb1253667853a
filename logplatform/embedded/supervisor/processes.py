"""What the operating system knows: death signals, process groups, leftovers."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

RUN_VARIABLE = "LOGPLATFORM_RUN"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def dying_with_parent() -> Callable[[], None]:
    """For `preexec_fn`: the kernel ends the child when the thread that started it ends."""
    parent = os.getpid()

    def prepare() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return prepare


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; false when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def pids_of_run(token: str) -> list[int]:
    """Processes whose environment carries the token of a run, but not this one.

    The environment is inherited by grandchildren and survives a change of group, and unlike a
    process id it is never given to somebody else. Linux only; elsewhere the list is empty.
    """
    mark = f"{RUN_VARIABLE}={token}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*") if token else ():
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def end_leftovers(token: str, *, patience_s: float = 5.0) -> int:
    """End what an earlier run left behind: SIGTERM, then SIGKILL. Returns how many there were."""
    leftovers = pids_of_run(token)
    _signal_all(leftovers, signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while (remaining := pids_of_run(token)) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_all(remaining, signal.SIGKILL)
    while remaining and pids_of_run(token):
        time.sleep(0.02)
    return len(leftovers)


def _signal_all(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
