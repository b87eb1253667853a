"""Says in a sentence that a service is away: which one, where, why, and what to do about it.

A service that is away is no fault of the code that notices it, so nobody is helped by a traceback.
"""

import logging
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from logplatform.kernel.errors import PlatformError

_MOST_CHARS = 200
_QUEUE = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.OutOfMemoryError,
    BrokerError,
)
_REFUSALS = ("MISCONF ", "NOREPLICAS ")
_DATABASE = (OperationalError, InterfaceError)


def sentence_of(error: BaseException | None) -> str:
    """What is away, for the log; "" where the error, and what caused it, mean something else."""
    while error is not None:
        if said := _sentence(error):
            return said
        error = error.__cause__
    return ""


def takes_no_writes(error: object) -> bool:
    """Whether the queue's server says so: its disk fails, it is a replica, or it misses one."""
    if isinstance(error, redis.ReadOnlyError | redis.exceptions.MasterDownError):
        return True
    return isinstance(error, redis.ResponseError) and str(error).startswith(_REFUSALS)


def _sentence(error: BaseException) -> str:
    if isinstance(error, _QUEUE) or takes_no_writes(error):
        part, address = "queue (Valkey", _host(settings.VALKEY_URL)
    elif isinstance(error, _DATABASE):
        part, address = "database (control plane", _database()
    elif isinstance(error, PlatformError) and error.code == "store_unavailable":
        part, address = "log engine (ClickHouse", _host(settings.CLICKHOUSE_URL)
    else:
        return ""
    why = getattr(error, "reason", "") or " ".join(str(error).split())[:_MOST_CHARS]
    return (
        f"The {part} at {address}) cannot be used now: {why.rstrip('.')}. Nothing that was accepted"
        " is lost, and work goes on by itself once it is back. If it stays away, start it, or read"
        " what its own log says."
    )


def _host(url: str) -> str:
    """Host and port of an address, which may hold a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "no address"


def _database() -> str:
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database.get("PORT") else ""
    host = f"{database['HOST']}{port}/" if database.get("HOST") else ""
    return f"{host}{database['NAME']}"


class WithoutTraceback(logging.Filter):
    """Puts the sentence in the place of a traceback, whoever logs it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if said := sentence_of(error):
            record.exc_info = record.exc_text = None
            record.why = said
        return True
