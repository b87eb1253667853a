"""Which formats the lines of a source turned out to have; the queue remembers it.

Counted when lines are stored, where the format of each is known anyway. Losing it loses nothing:
the next lines tell it again.
"""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

import redis

from ingestion import queue
from logplatform.kernel import clock

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)

SHOWN_FOR = timedelta(days=1)
_KEY = "lgs:formats"
_BETWEEN = "\0"


def note(records: "pl.DataFrame") -> None:
    """Remember the formats of stored records (app, source, format); never fails."""
    if records.is_empty():
        return
    try:
        now = str(clock.now().timestamp())
        places = records.select("app", "source", "format").unique().rows()
        queue.client().hset(_KEY, mapping={_BETWEEN.join(place): now for place in places})
    except redis.RedisError:
        logger.warning("Which formats were found cannot be remembered", exc_info=True)


def seen_formats(apps: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """(app, source) → formats of the last day, the latest first; empty while nobody knows."""
    try:
        found = queue.client().hgetall(_KEY)
    except redis.RedisError:
        logger.warning("Which formats were found cannot be read", exc_info=True)
        return {}
    since = (clock.now() - SHOWN_FOR).timestamp()
    old = [field for field, at in found.items() if float(at) < since]
    if old:
        queue.client().hdel(_KEY, *old)
    seen: dict[tuple[str, str], list[str]] = {}
    for field, at in sorted(found.items(), key=lambda item: -float(item[1])):
        app, source, name = field.decode().split(_BETWEEN)
        if app in apps and float(at) >= since:
            seen.setdefault((app, source), []).append(name)
    return seen
