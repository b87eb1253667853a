"""Ctrl-C and SIGTERM as a question that loops ask: go on, or stop in good order?"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_signals() -> Iterator[Callable[[float], bool]]:
    """Yield `wait(seconds)`: true as soon as the process was asked to stop."""
    asked = threading.Event()

    def ask(*_: Any) -> None:
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
