"""Notices clients that went away while their query still runs."""

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PERIOD_S = 0.25
log = logging.getLogger(__name__)


class DisconnectWatcher:
    """Calls `cancel(query_id)` once for each watched query whose client closed its end."""

    def __init__(self, cancel: Callable[[str], None]) -> None:
        self._cancel = cancel
        self._watched: dict[str, socket.socket] = {}
        self._wake = threading.Event()
        threading.Thread(target=self._run, name="disconnects", daemon=True).start()

    @contextmanager
    def watching(self, query_id: str, connection: socket.socket) -> Iterator[None]:
        """Watch for the time of the block."""
        self._watched[query_id] = connection
        self._wake.set()
        try:
            yield
        finally:
            self._watched.pop(query_id, None)

    def _run(self) -> None:
        pause = threading.Event()
        while self._wake.wait():
            self._wake.clear()
            while self._watched:
                pause.wait(_PERIOD_S)
                self._check()

    def _check(self) -> None:
        for query_id, connection in list(self._watched.items()):
            if _is_gone(connection) and self._watched.pop(query_id, None) is not None:
                log.info("query cancelled: its client left", extra={"query_id": query_id})
                try:
                    self._cancel(query_id)
                except Exception:
                    log.exception("cancelling failed", extra={"query_id": query_id})


def _is_gone(connection: socket.socket) -> bool:
    poll = select.poll()
    try:
        poll.register(connection, select.POLLIN)
        # Readable is not enough: it may be the next request.
        return bool(poll.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True
