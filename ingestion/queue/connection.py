"""The connection of this process to the queue's server."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ingestion.errors import QueueUnavailable

# A group is 24 MB: pieces of 64 kB, which is the default, take a third more CPU to put together.
_READ_BYTES = 256 << 10
ASIDE_S = 2.0
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError)


@cache
def client(timeout_s: float = 5) -> Any:
    """The redis client of this process; commands are never repeated behind our back.

    Args:
        timeout_s: ASIDE_S for what a sender must not be kept waiting for.

    Untyped: redis-py annotates every answer as the union of all protocols and of async.
    """
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        socket_timeout=timeout_s,
        socket_connect_timeout=2,
        socket_read_size=_READ_BYTES,
        health_check_interval=0,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def answering() -> Iterator[None]:
    """For questions of people about the queue. Raises: QueueUnavailable."""
    try:
        yield
    except UNREACHABLE as error:
        raise QueueUnavailable() from error


def check_alive() -> None:
    """Raise unless the queue answers."""
    client(ASIDE_S).ping()
