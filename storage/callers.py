"""Who asks: whose limits a query has, whose turn it takes, and that it ends when they leave."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from logplatform.kernel.errors import PlatformError
from logplatform.kernel.presence import asker
from logplatform.kernel.query_limits import QueryLimits
from storage.turns import Turns

_REPEAT_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key or a person that asks, by a name of its own."""

    name: str
    limits: QueryLimits

    def settings(self) -> dict[str, Any]:
        """The limits as settings of the engine."""
        return {
            "max_execution_time": self.limits.seconds,
            "max_memory_usage": self.limits.memory,
            "max_rows_to_read": self.limits.rows,
            "max_bytes_to_read": self.limits.bytes,
        }


class CallerLeft(PlatformError):
    """Nobody waits for the answer any more."""

    code = "caller_left"
    status = 503
    message = "The question was dropped because its connection was closed."
    hint = "Ask again."


# Whose question it is; our own tasks and commands are nobody's, and have the reader's limits.
_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


@contextmanager
def caller_scope() -> Iterator[None]:
    """Nobody asks at first, and a caller set within is forgotten at the end."""
    token = _caller.set(None)
    try:
        yield
    finally:
        _caller.reset(token)


def set_caller(caller: Caller) -> None:
    """From now on, until the end of `caller_scope`, queries are this caller's."""
    _caller.set(caller)


def current_caller() -> Caller | None:
    """Whose question it is."""
    return _caller.get()


@contextmanager
def asking(
    turns: Turns | None, *, app: str, cancel: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Wait for the caller's turn; gives the settings its query needs.

    Args:
        turns: None where the caller has one already.
        app: the only app the query is about, or nothing.
        cancel: stops a query by its id; called when the client leaves during the block.
    Raises:
        TooManyQueries, CallerLeft.
    """
    caller, presence = _caller.get(), asker.get()
    query_id = uuid.uuid4().hex
    with ExitStack() as stack:
        if caller is not None and turns is not None:
            stack.enter_context(turns.turn(caller=caller.name, app=app))
        if presence is not None:
            is_over = stack.enter_context(_finishing())
            stack.enter_context(presence.or_stop(lambda: _stop(query_id, cancel, is_over)))
            if presence.has_left:
                raise CallerLeft()
        yield {"query_id": query_id, **(caller.settings() if caller else {})}


@contextmanager
def _finishing() -> Iterator[threading.Event]:
    is_over = threading.Event()
    try:
        yield is_over
    finally:
        is_over.set()


def _stop(query_id: str, cancel: Callable[[str], None], is_over: threading.Event) -> None:
    """Cancel until it is over: the engine may not have begun with it at the first time."""
    for _ in range(5):
        with suppress(Exception):  # the query's own limits end it as well
            cancel(query_id)
        if is_over.wait(_REPEAT_S):
            return
