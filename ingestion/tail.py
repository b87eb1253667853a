"""Live tails: workers publish what they stored to whoever watches.

A subscription is an app and a query. Workers evaluate each distinct subscription once on the
columns they just wrote, with the same syntax tree as search, and send the matches to a Channels
group. Delivery is at most once; every message counts what came before it, so a watcher can tell
how many records it missed.
"""

import asyncio
import hashlib
import logging
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from ingestion import metrics, queue
from logplatform.kernel import clock

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)

SUBSCRIPTION_S = 30
MAX_RECORDS = 2_000


async def subscribe(app: str, q: str) -> str:
    """Register a watcher of an app for SUBSCRIPTION_S; call again to stay registered.

    Returns:
        The Channels group whose members get `{"type": "tail.logs", "group", "records", "origin",
        "total", "dropped"}`: `total` counts the matches of `origin` before this message, `dropped`
        those left out of it.
    Raises:
        QueryError: `q` cannot be read.
    """
    return await sync_to_async(_subscribe)(app, q)


def _subscribe(app: str, q: str) -> str:
    from storage import facade as storage

    storage.parse_query(q)
    until = clock.now().timestamp() + SUBSCRIPTION_S
    pipeline = queue.client().pipeline(transaction=False)
    pipeline.hset(_key(app), q, str(until))
    pipeline.expire(_key(app), 2 * SUBSCRIPTION_S)
    pipeline.execute()
    return group_name(app, q)


def group_name(app: str, q: str) -> str:
    """The Channels group of a subscription; it cannot be guessed into another app's."""
    return "tail." + hashlib.sha256(f"{app}\0{q}".encode()).hexdigest()[:40]


def _key(app: str) -> str:
    return f"lgs:tail:{app}"


def publish(records: "pl.DataFrame") -> None:
    """Send stored records to their watchers; a failure is logged and costs only the tail."""
    if records.is_empty():
        return
    try:
        for app in records["app"].unique(maintain_order=True):
            if watched := _watched(app):
                frame = records.filter(records["app"] == app)
                for q in watched:
                    _publish_matches(app, q, frame)
    except Exception:
        logger.warning("Could not publish to live tails", exc_info=True)


def _watched(app: str) -> list[str]:
    """Queries somebody watches this app with; forgotten ones are cleaned away."""
    now = clock.now().timestamp()
    found: dict[bytes, bytes] = queue.client().hgetall(_key(app))
    expired = [q for q, until in found.items() if float(until) < now]
    if expired:
        queue.client().hdel(_key(app), *expired)
    return [q.decode() for q in found if q not in expired]


def _publish_matches(app: str, q: str, frame: "pl.DataFrame") -> None:
    from storage import facade as storage

    matches = storage.match_frame(frame, q)
    if matches.is_empty():
        return
    group = group_name(app, q)
    shown = matches.sort("timestamp").tail(MAX_RECORDS)
    dropped = len(matches) - len(shown)
    message = {
        "type": "tail.logs",
        "group": group,
        "records": storage.records_of(shown),
        "origin": _origin(),
        "total": _count(group, len(matches)),
        "dropped": dropped,
    }
    _runner().run(_send(group, message))
    if dropped:
        queue.book(metrics.tail_drops(app, dropped))


async def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    await layer.group_send(group, message)


_totals: dict[str, int] = {}


def _count(group: str, matched: int) -> int:
    """The matches of this process before now; adds `matched` to them."""
    before = _totals.get(group, 0)
    if len(_totals) > 10_000:
        _totals.clear()
    _totals[group] = before + matched
    return before


@cache
def _origin() -> str:
    return secrets.token_hex(6)


@cache
def _runner() -> asyncio.Runner:
    """One event loop for the life of the process: the channel layer keeps its connections on it."""
    return asyncio.Runner()
