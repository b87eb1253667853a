"""What each web process does every few seconds beside answering."""

import logging
import threading
from collections.abc import Callable
from functools import cache

from ingestion import noted, space

logger = logging.getLogger(__name__)

EVERY_S = 2.0
_CHORES: tuple[Callable[[], None], ...] = (space.watch, noted.flush)


def do_chores() -> None:
    """All of them once; one that fails does not stop the others."""
    for chore in _CHORES:
        try:
            chore()
        except Exception:
            logger.exception("A chore of the door failed")


@cache
def start() -> threading.Thread:
    """Do the chores from now on, in one thread of this process."""
    thread = threading.Thread(target=_run, name="door-watch", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    pause = threading.Event()
    while True:
        do_chores()
        pause.wait(EVERY_S)
