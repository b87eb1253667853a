"""ClickHouse error code → what a person is told. The engine's own words go to our log only."""

import logging
import time

from clickhouse_connect.driver.exceptions import Error as DriverError
from clickhouse_connect.driver.exceptions import OperationalError

from logplatform.kernel.errors import PlatformError

logger = logging.getLogger(__name__)

_SAY_EVERY_S = 10.0
_said_at: dict[str, float] = {}


class StoreError(PlatformError):
    """Our mistake: a statement the engine refused, or an engine set up wrongly."""

    code = "store_error"
    status = 500
    message = "The log store refused to work on this."
    hint = "Give the request id to your administrator; the store's own words are in the log."


class StoreUnavailable(PlatformError):
    """The log engine is away, full or overloaded; the same request works later."""

    code = "store_unavailable"
    status = 503
    message = "The log store is not available at the moment."
    hint = "Try again in a few seconds; nothing that was accepted is lost."
    retry_after_s = 2

    def __init__(self, reason: str = "no address is set") -> None:
        super().__init__()
        self.reason = reason


class QueryTooExpensive(PlatformError):
    """A search beyond the time, memory or rows one query may use."""

    code = "query_too_expensive"
    status = 422
    message = "The search needs more than one query may use ({limit})."
    hint = "Choose a shorter time range, or add words or fields that fewer lines have."


class AnswerBroken(PlatformError):
    """The engine broke off while it sent an answer of which a part is already with the caller."""

    code = "answer_broken"
    status = 503
    message = "The log store broke off in the middle of its answer."
    hint = "What came is incomplete. Try again, with a shorter time range if it stays."


class PatternRefused(PlatformError):
    """A regular expression that RE2 reads but the engine will not run."""

    code = "invalid_query"
    status = 400
    message = "The regular expression cannot be run."
    hint = "Simplify it: shorter repeats, fewer alternatives."


_TOO_EXPENSIVE = {
    158: "rows read",
    159: "time",
    160: "time",
    241: "memory",
    307: "bytes read",
    396: "result rows",
}
_PATTERN = 427
_AWAY = {
    3: "unexpected end",
    32: "unexpected end",
    60: "schema is missing: run manage.py storage_migrate",
    74: "disk cannot be read",
    75: "disk cannot be written",
    76: "file cannot be opened",
    81: "database is missing: run manage.py storage_migrate",
    159: "timeout",
    202: "too many queries",
    204: "disk cannot be synced",
    209: "socket timeout",
    210: "network",
    225: "no ZooKeeper",
    236: "aborted",
    241: "memory",
    242: "read only",
    243: "disk full",
    246: "broken part; the embedded engine is started anew without it",
    252: "too many parts",
    285: "too few live replicas",
    319: "unknown state of the insert",
    394: "cancelled",
    439: "no thread",
    497: "access denied",
    516: "authentication failed",
    999: "keeper",
}


def from_driver(error: DriverError, *, is_write: bool) -> PlatformError:
    """The error to show for one of the driver; logs the original.

    Args:
        error: as raised by clickhouse-connect; no code means that the connection failed.
        is_write: an insert beyond a limit may work later, a search will not.
    """
    code = error.code
    if code is None and isinstance(error, OperationalError):
        return _unavailable("it does not answer", error)
    if code in _AWAY and (is_write or code not in _TOO_EXPENSIVE):
        return _unavailable(f"{_AWAY[code]} (its error {code})", error)
    logger.warning(
        "The log engine refused a statement", extra={"engine_code": code}, exc_info=error
    )
    if code == _PATTERN:
        return PatternRefused()
    if code in _TOO_EXPENSIVE and not is_write:
        return QueryTooExpensive(limit=_TOO_EXPENSIVE[code])
    return StoreError()


def _unavailable(reason: str, error: DriverError) -> StoreUnavailable:
    """Says why every few seconds only: whoever writes tries again and again."""
    now = time.monotonic()
    if now - _said_at.get(reason, -_SAY_EVERY_S) >= _SAY_EVERY_S:
        _said_at[reason] = now
        words = {"words": " ".join(str(error).split())[:500]}
        logger.warning("The log engine cannot be used now: %s", reason, extra=words)
    return StoreUnavailable(reason)


def from_stream(error: Exception) -> PlatformError:
    """The error for an answer without its end; logs the original."""
    logger.warning("The log engine broke off an answer", exc_info=error)
    return AnswerBroken()
