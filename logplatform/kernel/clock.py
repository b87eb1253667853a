"""The one source of the current time, so that tests can set it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The current time, aware, UTC."""
    return _source()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Make `now()` answer `at` inside the block (aware datetime)."""
    global _source
    if at.tzinfo is None:
        raise AssertionError("BUG: clock.frozen() needs an aware datetime")
    before, _source = _source, lambda: at
    try:
        yield
    finally:
        _source = before
