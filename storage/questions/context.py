"""The lines around one line: its neighbours in the same source."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storage.contracts import InvalidLimit, Order, Record
from storage.query.instants import MAX_NS, MIN_NS, instant_ns
from storage.records import record_of, took_ms
from storage.search import beyond, get_log, read_spread
from storage.where import all_of, equals, of_apps

MAX_NEIGHBOURS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A record with the records before and after it, both oldest first."""

    before: list[Record]
    record: Record
    after: list[Record]
    took_ms: int


def get_context(
    apps: Sequence[str], record_id: UUID, *, before: int = 20, after: int = 20
) -> Context | None:
    """A record and its neighbours of the same app and source, by event time.

    Args:
        apps: those the caller may see.
        before, after: how many of each at most, 0-500.
    Returns:
        None, when no record of `apps` has this id.
    Raises:
        InvalidLimit. Else as `search_logs`.
    """
    if not 0 <= min(before, after) <= max(before, after) <= MAX_NEIGHBOURS:
        raise InvalidLimit(lowest=0, highest=MAX_NEIGHBOURS)
    started = time.monotonic()
    record = get_log(apps, record_id)
    if record is None:
        return None
    return Context(
        before=_neighbours(record, "desc", before)[::-1],
        record=record,
        after=_neighbours(record, "asc", after),
        took_ms=took_ms(started),
    )


def _neighbours(record: Record, order: Order, limit: int) -> list[Record]:
    """The nearest records in this order."""
    read = instant_ns(record["timestamp"])
    if read is None:
        raise AssertionError("BUG: the time of a record cannot be read")
    at = read[0]
    condition = all_of(
        [
            of_apps((record["app"],)),
            equals("source", record["source"]),
            beyond(at, record["id"], order),
        ]
    )
    span = (at, MAX_NS) if order == "asc" else (MIN_NS, at + 1)
    return [record_of(row) for row in read_spread(condition, order, limit, span)] if limit else []
