"""Trying again with growing pauses until the platform takes a body."""

import random
import time
from collections.abc import Callable
from typing import Any

from logplatform.remote.client import Unavailable

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Stopped(Exception):
    """Someone asked to stop while waiting for the next try."""


class Retry:
    """Calls again while the answer is Unavailable.

    Attributes:
        wait: sleeps for the seconds given; true when someone asked to stop meanwhile.
        give_up_after_s: seconds without an acknowledgement after which the error stands; None for
            never.
        tell: called with the error and the pause in seconds before each further try.
    """

    def __init__(
        self,
        *,
        wait: Callable[[float], bool],
        give_up_after_s: float | None,
        tell: Callable[[Unavailable, float], None],
    ) -> None:
        self.wait = wait
        self.give_up_after_s = give_up_after_s
        self.tell = tell

    def call(self, attempt: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The first answer of `attempt`.

        Raises:
            Unavailable: no answer within `give_up_after_s`.
            Refused: at once.
            Stopped: `wait` said so.
        """
        began = time.monotonic()
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return attempt()
            except Unavailable as error:
                next_s = error.retry_after_s or pause_s * random.uniform(0.8, 1.2)
                if self._is_too_late(time.monotonic() - began + next_s):
                    raise
                self.tell(error, next_s)
            if self.wait(next_s):
                raise Stopped
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _is_too_late(self, elapsed_s: float) -> bool:
        return self.give_up_after_s is not None and elapsed_s > self.give_up_after_s
