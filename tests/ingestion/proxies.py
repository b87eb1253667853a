"""A network that loses answers: the server did what it was asked, and nobody hears of it."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 1 << 16


class Proxy:
    """Passes everything on to a port, until it sees what it waits for.

    From then on that connection's answers are lost: the first one closes it.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port, self._wanted = target_port, b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cuts = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def cut_answer_to(self, wanted: bytes) -> None:
        """Lose the answer to the next request that has these bytes in it."""
        self._wanted = wanted

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._target_port))
                threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        seen, is_cut = b"", False
        with near, far, selectors.DefaultSelector() as selector, suppress(OSError):
            for end in (near, far):
                selector.register(end, selectors.EVENT_READ)
            while True:
                for ready, _ in selector.select():
                    piece = near.recv(_PIECE) if ready.fileobj is near else far.recv(_PIECE)
                    if not piece or (is_cut and ready.fileobj is far):
                        return
                    if ready.fileobj is far:
                        near.sendall(piece)
                        continue
                    seen = seen[-len(self._wanted) :] + piece
                    if self._wanted and self._wanted in seen:
                        self._wanted, is_cut, self.cuts = b"", True, self.cuts + 1
                    far.sendall(piece)


@contextmanager
def proxied(target_port: int) -> Iterator[Proxy]:
    """A proxy for the time of the block."""
    proxy = Proxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
