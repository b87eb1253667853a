"""Follows new lines of an installation through its live tail, over losses of the connection."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from analytics.terminal.ask import Question, Record, explained, since
from logplatform.remote.client import (
    BadTarget,
    Refused,
    RemoteClient,
    Target,
    Unavailable,
    parts_of,
)

OPEN_S, CLOSE_S = 10.0, 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
# As many lines are known again when a connection was lost.
_REMEMBERED = 5_000
_MAX_FRAME_BYTES = 16 << 20
# Close codes after which another try would be refused too; see docs/live-tail.md.
_FINAL = frozenset({4400, 4401, 4403})

Tell = Callable[[str], None]
Pause = Callable[[float], bool]


class Follower:
    """Gives each new line once, for as long as it may."""

    def __init__(
        self, target: Target, question: Question, *, client: RemoteClient, tell: Tell, pause: Pause
    ) -> None:
        """`tell` gets what is worth knowing; `pause` waits, and says whether it is over."""
        self._target, self._question, self._client = target, question, client
        self._tell, self._pause = tell, pause
        self._known: deque[str] = deque(maxlen=_REMEMBERED)
        self._last = ""
        self._told: dict[str, Any] = {}
        self._has_opened = False
        self._pause_s = FIRST_PAUSE_S

    def lines(self, before: Callable[[], Iterable[Record]]) -> Iterator[Record]:
        """The lines of `before`, asked once the tail is open so that none is missed, then new ones.

        Raises:
            UnreadableQuery, Refused: following it would be refused again and again.
        """
        while True:
            try:
                with self._open() as tail:
                    yield from self._new(before())
                    yield from self._heard(tail)
            except (OSError, InvalidHandshake, ConnectionClosed, Unavailable) as error:
                self._raise_if_final(error)
                if self._waits(error):
                    return
            before = self._missed

    def _heard(self, tail: ClientConnection) -> Iterator[Record]:
        """Lines as they come. Raises: ConnectionClosed, in the end."""
        while True:
            frame = self._frame(tail, None)
            if frame["type"] != "logs":
                continue
            if frame["dropped"]:
                self._tell(f"{frame['dropped']} lines came too fast; a search finds them.")
            self._pause_s = FIRST_PAUSE_S
            yield from self._new(frame["records"])

    def _frame(self, tail: ClientConnection, timeout_s: float | None) -> dict[str, Any]:
        """The next message; an error is kept, to be told when the connection closes after it."""
        text = tail.recv(timeout=timeout_s)
        try:
            frame: dict[str, Any] = json.loads(text)
            if frame["type"] == "error":
                self._told = frame["error"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise BadTarget(url=self._target.url) from error
        return frame

    def _new(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if record["id"] not in self._known:
                self._known.append(record["id"])
                self._last = max(self._last, record["timestamp"])
                yield record

    def _missed(self) -> list[Record]:
        """What came while there was no connection."""
        return since(self._client, self._question, self._last) if self._last else []

    @contextmanager
    def _open(self) -> Iterator[ClientConnection]:
        """A tail that is subscribed."""
        parts = parts_of(self._target)
        scheme = "wss" if parts.scheme == "https" else "ws"
        wanted = {"app": self._question.app, "q": self._question.q}
        query = urlencode({name: value for name, value in wanted.items() if value})
        path = f"{parts.path.removesuffix('/').removesuffix(RemoteClient.own_path)}/ws/tail"
        with connect(
            urlunsplit((scheme, parts.netloc, path, query, "")),
            additional_headers={"Authorization": f"Bearer {self._target.key}"},
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            max_size=_MAX_FRAME_BYTES,
        ) as tail:
            while self._frame(tail, OPEN_S)["type"] != "ready":
                pass
            self._told, self._has_opened = {}, True
            yield tail

    def _raise_if_final(self, error: Exception) -> None:
        """Another try would be refused too, or there was never an answer."""
        close = getattr(getattr(error, "rcvd", None), "code", 0)
        status = getattr(getattr(error, "response", None), "status_code", 0)
        told = self._told or {"message": f"The live tail is closed ({close or status})."}
        if close in _FINAL or 400 <= status < 500:
            refused = Refused(
                url=self._target.url,
                http_status=close or status,
                reason=told["message"],
                advice=told.get("hint", "Compare the URL and the key with those in the admin."),
                told=told,
            )
            raise explained(refused, self._question.q) from error
        if not self._has_opened:
            raise Unavailable(url=self._target.url, reason=_reason(error)) from error

    def _waits(self, error: Exception) -> bool:
        """Say it, and wait; whether it is over."""
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, LONGEST_PAUSE_S)
        self._tell(f"The connection is lost ({_reason(error)}); again in {pause_s:.0f} s.")
        return self._pause(pause_s)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
