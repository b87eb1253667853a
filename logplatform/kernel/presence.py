"""Whether whoever asked is still there, so that work nobody waits for any more can stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Presence:
    """One asker. Thread-safe: they leave in one thread while another works for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self.has_left = False

    @contextmanager
    def or_stop(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have `stop` called, in another thread, if the asker leaves during the block."""
        with self._lock:
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)

    def leave(self) -> None:
        """Note that the asker is gone, and stop what is being done for them."""
        with self._lock:
            self.has_left = True
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()


# The asker of the request at hand; none in tasks and commands.
asker: ContextVar[Presence | None] = ContextVar("asker", default=None)
