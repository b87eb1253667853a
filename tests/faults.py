"""Ways to break a running installation: kill, stall, and all of it at once."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from tests.installation import Up

Pids = Callable[[Up], list[int]]


def main_of(name: str) -> Pids:
    """The process the supervisor started; what it started itself lives on without it."""
    return lambda up: [pid for pid in [up.main_pid(name)] if pid]


def part_of(name: str) -> Pids:
    """One process that does the work of it."""
    return lambda up: up.sub_pids(name)[:1]


def whole(name: str) -> Pids:
    """It and what it started."""
    return lambda up: [*main_of(name)(up), *up.sub_pids(name)]


def supervisor(up: Up) -> list[int]:
    """`manage.py up` itself; nobody restarts that."""
    return [up.process.pid] if up.process and up.process.poll() is None else []


def everything(up: Up) -> list[int]:
    """The machine loses power."""
    return [*supervisor(up), *up.pids]


VICTIMS: dict[str, Pids] = {
    "web": whole("web"),
    "web's worker": part_of("web"),
    "worker": whole("worker"),
    "worker's main process": main_of("worker"),
    "worker's child": part_of("worker"),
    "beat": main_of("beat"),
    "engine": main_of("engine"),
    "valkey": main_of("valkey"),
    "supervisor": supervisor,
    "everything": everything,
}
NEED_START = ("supervisor", "everything")


def kill(up: Up, victim: str) -> bool:
    """SIGKILL; brings the installation up again where nobody else does. False: nobody there."""
    pids = VICTIMS[victim](up)
    for pid in pids:
        send(pid, signal.SIGKILL)
    if pids and victim in NEED_START:
        bring_up(up)
    return bool(pids)


def bring_up(up: Up) -> None:
    """Start it again after its supervisor died."""
    if up.process is not None:
        up.process.wait(30)
    earlier = len(list(up.output.parent.glob(f"{up.output.stem}.*.log")))
    up.output.rename(up.output.with_suffix(f".{earlier}.log"))
    up.start()


def stall(up: Up, victim: str, *, seconds: float, ending: int = signal.SIGCONT) -> bool:
    """Freeze for a while, then go on or kill. False: nobody there."""
    pids = VICTIMS[victim](up)
    for pid in pids:
        send(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        send(pid, ending)
    return bool(pids)


def send(pid: int, number: int) -> None:
    """A signal to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
