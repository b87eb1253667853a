"""Groups whose workers died: repeated, then split, until what kills stands alone.

A body can make the process die instead of raise: the parser crashes, or memory ends. A group that
three workers died of is split into parts, a part that another one dies of is split again. A single
body that three workers died of goes to quarantine, line by line; if that kills another one, as it
came. An attempt is counted before it starts and taken back when it ends in any other way than the
worker's death. Memory that ends is a death even where the process lives on, and so is reading that
takes for ever (`ingestion.watchdog`): both would come again. What is decided here is decided by the
heads of the bodies: a worker that cannot hold a body must be able to set it aside.

A group that the store refuses is split in the same way at once, and a single body that it refuses
is quarantined. Splitting means other tokens, so it is saved first, and only done where the store
has nothing of the group.
"""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import redis

from ingestion import watchdog
from ingestion.assemble import entry_key, problem_of
from ingestion.queue import UNREAD, Group, ShardLease, part_token
from logplatform.kernel.errors import PlatformError
from storage import facade as storage

logger = logging.getLogger(__name__)

MOST_DEATHS = 3
PARTS = 16
# An insert that a dead worker had sent may still be on its way through the engine.
_SETTLE_S = 2.0


def unfinished(lease: ShardLease) -> Iterator[Group]:
    """Groups of drains that died, in the order they were read; each counted as begun.

    Raises:
        storage.StoreUnavailable: nobody can say what is stored of a group that may be split.
    """
    tokens = deque(lease.pending_tokens())
    while tokens:
        token = tokens.popleft()
        group = lease.load_heads(token)
        most = 1 if group.fate else MOST_DEATHS
        is_suspect = lease.deaths(token) >= most and group.fate != UNREAD and bool(group.entries)
        if is_suspect and not _is_stored(group):
            if len(group.entries) > 1:
                tokens.extendleft(reversed(_split(lease, group)))
                continue
            group = lease.condemn(group)
            logger.error("Workers died of a request", extra={"receipt": group.entries[0].receipt})
        lease.begin_again(group.token)
        yield group if group.fate == UNREAD else _fetched(lease, group)


def _fetched(lease: ShardLease, group: Group) -> Group:
    """The group with its bodies. Short of memory, the client raises whatever it stumbles over."""
    try:
        return lease.load(group.token)
    except redis.RedisError:
        with suppress(redis.RedisError):
            lease.forgive(group.token)
        raise


def apart(lease: ShardLease, group: Group, error: Exception, *, was_sent: bool) -> Iterator[Group]:
    """What is stored instead of a group that cannot be stored whole: its parts, or the one request
    as it came. Saved before anything of it is stored, so that a repeat after a crash does the same.

    Args:
        error: what was raised.
        was_sent: whether the engine may have got rows of it.
    Raises:
        storage.StoreUnavailable: it has some; only a repeat under the same token is safe.
    """
    settle_s = 0.0 if isinstance(error, PlatformError) else _SETTLE_S
    if was_sent and _is_stored(group, settle_s=settle_s):
        raise storage.StoreUnavailable() from error
    if len(group.entries) == 1:
        condemned = lease.condemn(group, problem_of(error))
        if condemned.fate == UNREAD:
            condemned = replace(lease.load_heads(condemned.token), reason=condemned.reason)
        parts = [condemned]
    else:
        parts = [lease.load(token) for token in _split(lease, group)]
    for part in parts:
        lease.begin_again(part.token)
        yield part


@contextmanager
def attempt(lease: ShardLease, group: Group) -> Iterator[None]:
    """Work on a group: what ends the block is no death, unless memory or patience ended."""
    try:
        yield
    except (MemoryError, watchdog.TooSlow):
        raise
    except BaseException:
        with suppress(redis.RedisError):
            lease.forgive(group.token)
        raise


def _split(lease: ShardLease, group: Group) -> list[str]:
    size = -(-len(group.entries) // PARTS)
    parts = [group.entries[at : at + size] for at in range(0, len(group.entries), size)]
    logger.error("A group is split", extra={"entries": len(group.entries)})
    lease.split(group, parts, deaths=MOST_DEATHS - 2)
    return [part_token(group.token, number) for number in range(len(parts))]


def _is_stored(group: Group, *, settle_s: float | None = None) -> bool:
    """Whether the store has anything of a group."""
    time.sleep(_SETTLE_S if settle_s is None else settle_s)
    arrived = [queued.entry.received_at for queued in group.entries]
    return storage.holds_any(
        apps=sorted({queued.entry.app for queued in group.entries}),
        receipts=[queued.receipt for queued in group.entries],
        entry_keys=[entry_key(queued) for queued in group.entries],
        since=min(arrived),
        until=max(arrived),
    )
