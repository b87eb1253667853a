"""Who may ask the engine now: a fair share for each caller and each app, and a 429 beyond it.

Counted within a process first, so that it holds while Valkey is away; where there may be several
web processes, then over all of them, by `storage.shared_turns`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from logplatform.kernel.errors import PlatformError

if TYPE_CHECKING:
    from storage.shared_turns import SharedTurns


class TooManyQueries(PlatformError):
    """The caller, its app or all together ask more at a time than there are turns."""

    code = "too_many_queries"
    status = 429
    message = "Too many questions are asked at the same time."
    hint = "Wait as long as the Retry-After header says, and ask fewer things at once."
    retry_after_s = 2


@dataclass(slots=True, kw_only=True, eq=False)
class _Place:
    """Somebody who asks; `app` is empty where a question is about several."""

    caller: str
    app: str
    is_called: threading.Event = field(default_factory=threading.Event)


class Turns:
    """At most `total` at a time, `per_app` of one app and `per_caller` of one caller.

    Who has to wait does so for `wait_s` at most. The app with the fewest turns goes first, and
    within it who came first; a caller may have `waiting` in line. A turn of this process needs one
    of the `shared` ones as well, if there are such.
    """

    def __init__(
        self,
        *,
        total: int,
        per_app: int,
        per_caller: int,
        wait_s: float,
        waiting: int = 16,
        shared: "SharedTurns | None" = None,
    ) -> None:
        self._total, self._per_app, self._per_caller = total, per_app, per_caller
        self._wait_s, self._max_waiting = wait_s, waiting
        self._shared = shared
        self._lock = threading.Lock()
        self._running: list[_Place] = []
        self._waiting: list[_Place] = []

    @contextmanager
    def turn(self, *, caller: str, app: str) -> Iterator[None]:
        """Hold a turn during the block. Raises: TooManyQueries."""
        place = _Place(caller=caller, app=app)
        deadline = time.monotonic() + self._wait_s
        self._line_up(place)
        try:
            self._wait(place)
            if self._shared is None:
                yield
                return
            left_s = deadline - time.monotonic()
            with self._shared.turn(caller=caller, app=app, wait_s=left_s) as has_turn:
                if not has_turn:
                    raise TooManyQueries()
                yield
        finally:
            with self._lock:
                line = self._running if place in self._running else self._waiting
                line.remove(place)
                self._call()

    def _line_up(self, place: _Place) -> None:
        with self._lock:
            mine = sum(other.caller == place.caller for other in self._waiting)
            if mine >= self._max_waiting or len(self._waiting) >= 4 * self._max_waiting:
                raise TooManyQueries()
            self._waiting.append(place)
            self._call()

    def _wait(self, place: _Place) -> None:
        if not place.is_called.wait(self._wait_s):
            raise TooManyQueries()

    def _call(self) -> None:
        """Give free turns to those who wait; the lock is held."""
        while len(self._running) < self._total:
            fitting = [place for place in self._waiting if self._fits(place)]
            if not fitting:
                return
            place = min(fitting, key=lambda one: self._of_app(one.app))
            self._waiting.remove(place)
            self._running.append(place)
            place.is_called.set()

    def _fits(self, place: _Place) -> bool:
        mine = sum(other.caller == place.caller for other in self._running)
        return mine < self._per_caller and (
            not place.app or self._of_app(place.app) < self._per_app
        )

    def _of_app(self, app: str) -> int:
        return sum(other.app == app for other in self._running)


@lru_cache(maxsize=1)
def questions() -> Turns:
    """The turns for questions."""
    env = settings.ENV
    return _turns(
        "questions",
        total=env.query_max_running,
        per_app=env.query_max_per_app,
        per_caller=env.query_max_per_caller,
        wait_s=env.query_wait_s,
    )


@lru_cache(maxsize=1)
def exports() -> Turns:
    """The turns for exports, which may last an hour; nobody waits for one."""
    most = settings.ENV.export_max_running
    return _turns("exports", total=most, per_app=most, per_caller=max(1, most // 2), wait_s=0.1)


def _turns(name: str, *, total: int, per_app: int, per_caller: int, wait_s: float) -> Turns:
    """Shared, unless this is the only web process: the embedded Valkey is nobody else's."""
    shared = None
    if settings.VALKEY_URL and (settings.ENV.valkey_url or settings.ENV.web_workers > 1):
        from storage.shared_turns import SharedTurns

        shared = SharedTurns(name, total=total, per_app=per_app, per_caller=per_caller)
    return Turns(total=total, per_app=per_app, per_caller=per_caller, wait_s=wait_s, shared=shared)
