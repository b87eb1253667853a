"""Keeps the engine from writing what the disk does not take, and ends it where it did.

What ends here is begun anew by the supervisor: the engine puts broken parts aside when it opens the
folder and goes on with the parts they were merged from, which it keeps for a minute
(`old_parts_lifetime`); an insert that was not answered is repeated by who sent it.
"""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from logplatform.embedded.engine.errors import EngineError
from logplatform.embedded.engine.parts import PartsWatch

log = logging.getLogger(__name__)

EXIT_BROKEN = 5
_SPACE_S = 0.1
_PARTS_EVERY = 10
_RESERVE_SHARE = 0.04
_RESERVE_BYTES = 64 << 20


class Guard:
    """Looks at the free space ten times a second and at new parts once.

    Args:
        data: the folder of the engine; nobody has it open yet.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._run: Callable[[str], None] = lambda sql: None
        self._parts = PartsWatch(data)
        forgotten = self._parts.prepare()
        if forgotten:
            log.warning("inserts whose part is broken are open again", extra={"n": forgotten})
        self._is_short = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)

    def start(self, run: Callable[[str], None]) -> None:
        """Watch from now on; `run` runs a statement in the open folder."""
        self._run = run
        self._look_at_space()
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer; returns when nothing of the engine is used any more."""
        self._is_over.set()
        self._thread.join()

    def check_space(self) -> None:
        """Raise NOT_ENOUGH_SPACE where an insert could hit the end of the disk."""
        if is_short(self._data):
            raise EngineError(243, "NOT_ENOUGH_SPACE", "The disk is full; nothing was stored")

    def check_parts(self) -> None:
        """End this process, unless all parts are whole."""
        broken = self._parts.broken()
        if broken:
            log.critical("writes failed; starting anew", extra={"parts": [p.name for p in broken]})
            logging.shutdown()
            os._exit(EXIT_BROKEN)

    def _watch(self) -> None:
        ticks = 0
        while not self._is_over.wait(_SPACE_S):
            self._look_at_space()
            ticks += 1
            if ticks % _PARTS_EVERY == 0:
                self.check_parts()

    def _look_at_space(self) -> None:
        now_short = is_short(self._data)
        if now_short != self._is_short:
            log.warning("the disk is full" if now_short else "the disk has room again")
            self._run("SYSTEM STOP MERGES" if now_short else "SYSTEM START MERGES")
        self._is_short = now_short


def is_short(folder: Path) -> bool:
    """Whether less than 64 MiB are free, or 4 % of a disk on which that is less."""
    disk = os.statvfs(folder)
    reserve = min(_RESERVE_BYTES, int(disk.f_blocks * disk.f_frsize * _RESERVE_SHARE))
    return disk.f_bavail * disk.f_frsize < reserve
