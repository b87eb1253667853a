"""Puts entries on the queue."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from zlib import crc32

import redis
from django.conf import settings

from ingestion.contracts import Entry, Terms
from ingestion.errors import BacklogFull, IdempotencyFull, IdempotencyMismatch, OutcomeUnknown
from ingestion.queue import names, once, scripts
from ingestion.queue.connection import ASIDE_S, UNREACHABLE, client
from ingestion.queue.entries import dump_head
from ingestion.queue.headroom import Headroom
from ingestion.queue.script import Call, NotSent, run_all
from logplatform.away import takes_no_writes
from logplatform.kernel.trace_lines import IS_OPEN

_RETRY_IDENTITY_S = 120
_LINE_BYTES = 100
_NO_TERMS = Terms()
_NO_FIELDS = ("", "")
_SMALL_BYTES = 64 << 10

_headroom = Headroom()
_turns = count()


class QueueDown(Exception):
    """The queue cannot be reached and surely took nothing."""


class OverQuota(Exception):
    """The entry would go over a limit of its terms; nothing was taken.

    Attributes:
        which: "rate", "source" or "app".
        used_bytes: what counts against that limit now.
        wait_s: how long until it is open again; 0 for those that last until the day is over.
    """

    def __init__(self, which: str, used_bytes: int, wait_s: int) -> None:
        super().__init__(which)
        self.which, self.used_bytes, self.wait_s = which, used_bytes, wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """The answer of the queue; `is_new` is False where the idempotency key was known."""

    receipt: str
    lines: int
    is_new: bool
    needs_nudge: bool
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """An entry as the enqueue scripts take it; the once-key of a call makes repeats harmless.

    `place`: what its lane keeps of it. `apart`: the call of an entry that has terms; others go
    together.
    """

    shard: int
    app: str
    lane: str
    lines: int
    head: bytes
    body: bytes
    place: str
    apart: Call | None


def enqueue(
    entry: Entry, *, idempotency_key: str, body_hash: str, terms: Terms = _NO_TERMS
) -> Enqueued:
    """Put an entry on the queue, fsynced, at most once for each idempotency key or window key.

    Raises:
        OverQuota: a limit of the terms is reached.
        BacklogFull: the backlog is over its limit, or the server is short of memory.
        IdempotencyFull: no more keys or windows can be remembered.
        IdempotencyMismatch: the key was used with another body.
        QueueDown: the queue could not be reached; nothing was taken.
        OutcomeUnknown: the queue went away while it took the entry and did not come back.
    """
    ask = enqueue_of(entry, idempotency_key=idempotency_key, body_hash=body_hash, terms=terms)
    return enqueued(ask, enqueue_all([ask])[0])


def enqueue_of(
    entry: Entry, *, idempotency_key: str, body_hash: str, terms: Terms = _NO_TERMS
) -> Enqueue:
    """What `enqueue_all` sends for an entry."""
    ask = Enqueue(
        shard=_shard_of(entry),
        app=entry.app,
        lane=f"{entry.app}/{entry.source}",
        lines=entry.lines,
        head=dump_head(entry),
        body=entry.body,
        place=_place_of(entry),
        apart=None,
    )
    if not idempotency_key and terms == _NO_TERMS:
        return ask
    call = _call_apart(ask, entry.size, terms, body_hash, idempotency_key)
    return replace(ask, apart=call)


def _call_apart(
    ask: Enqueue, size: int, terms: Terms, body_hash: str, idempotency_key: str
) -> Call:
    shard = ask.shard
    keys = _keys_of(ask, idempotency_key)
    keys += [names.COUNTS_KEY, terms.window_key, terms.rate_key, terms.source_key, terms.app_key]
    keys += [once.KEPT_KEY, once.WINDOWS_KEY, names.REPEATS_KEY]
    args = [ask.body, ask.head, len(ask.body), settings.ENV.queue_max_bytes, body_hash]
    args += [_RETRY_IDENTITY_S, ask.lines, shard, names.NUDGE_S, size, ask.lane]
    args += [terms.window_s, terms.rate_bytes, terms.burst_bytes]
    args += [terms.source_bytes, terms.app_bytes]
    args += once.once_args(ask.app, idempotency_key, body_hash)
    args += [once.SLOT_S, once.SLOTS, ask.place, once.WINDOW_KEYS]
    args += terms.duplicate_fields or _NO_FIELDS
    return Call(scripts.ENQUEUE, keys, args)


def _keys_of(ask: Enqueue, idempotency_key: str = "") -> list[str]:
    """The keys both scripts begin with."""
    shard = ask.shard
    once_key = f"lgs:once:{ask.app}:{idempotency_key or secrets.token_hex(16)}"
    keys = [names.stream_key(shard), once_key, names.BYTES_KEY, names.nudge_key(shard)]
    return [*keys, names.ring_key(shard), names.lane_prefix(shard) + ask.lane]


def _shard_of(entry: Entry) -> int:
    """Shards take turns; bodies whose lines may go on in the next one go to that of their sender.

    So they come together, in their order, and a trace that was sent in pieces can be one record.
    Turns and not chance: shards that get the same are done at the same time.
    """
    shards = len(names.shards())
    is_near = entry.edges or len(entry.body) <= _SMALL_BYTES
    if entry.multiline and not entry.strict_json and is_near:
        return crc32(f"{entry.app}/{entry.source}/{entry.key_id}".encode()) % shards
    return next(_turns) % shards


def _place_of(entry: Entry) -> str:
    """What a lane keeps of an entry besides its id: its weight, its sender and its edges.

    Of senders whose lines never go on, only the weight. Who waits for the result of a body is not
    kept waiting for the next one.
    """
    if not entry.multiline or entry.strict_json:
        return str(weight_of(entry))
    edges = entry.edges.replace(IS_OPEN, "") if entry.wants_result else entry.edges
    return f"{weight_of(entry)} {entry.key_id}:{edges}"


def weight_of(entry: Entry) -> int:
    """What an entry counts in its group: its bytes, or what columns cost where lines are short."""
    return max(entry.size, entry.lines * _LINE_BYTES)


def enqueue_all(asked: Sequence[Enqueue]) -> list[Any]:
    """Put entries on the queue in one round trip; repeated only because that is harmless.

    Returns:
        An answer for each, to be read by `enqueued`.
    Raises:
        QueueDown, OutcomeUnknown: as `enqueue`, and the same for all.
        BacklogFull: the server is short of memory.
    """
    if not _headroom.is_left(client(ASIDE_S)):
        raise BacklogFull()
    batches = _batches(asked)
    answers: list[Any] = [None] * len(asked)
    for places, answer in zip(batches, _run([_call_of(asked, b) for b in batches]), strict=True):
        for place, one in zip(places, _answers(asked, places, answer), strict=True):
            answers[place] = one
    return answers


def _batches(asked: Sequence[Enqueue]) -> list[list[int]]:
    """Which go into one call: those of one lane and shard, but for those that have terms."""
    batches: dict[Any, list[int]] = {}
    for place, ask in enumerate(asked):
        batches.setdefault(place if ask.apart else (ask.shard, ask.lane), []).append(place)
    return list(batches.values())


def _call_of(asked: Sequence[Enqueue], places: Sequence[int]) -> Call:
    first = asked[places[0]]
    if first.apart:
        return first.apart
    args: list[Any] = [settings.ENV.queue_max_bytes, _RETRY_IDENTITY_S, names.NUDGE_S, first.lane]
    for place in places:
        ask = asked[place]
        args += (ask.head, ask.body, ask.place)
    return Call(scripts.ENQUEUE_TOGETHER, _keys_of(first), args)


def _answers(asked: Sequence[Enqueue], places: Sequence[int], answer: Any) -> list[Any]:
    """The answer of a call as ENQUEUE gives it, for each entry of the call."""
    first = asked[places[0]]
    if first.apart or isinstance(answer, Exception):
        return [answer] * len(places)
    rings, *ids = answer.split()
    needs_nudge = int(rings)
    found: list[Any] = []
    for place, entry_id in zip(places, ids, strict=True):
        if entry_id == b"-":
            found.append((b"FULL", b"", 0, 0))
        else:
            receipt = b"%d-%s" % (first.shard, entry_id)
            found.append((b"NEW", receipt, asked[place].lines, needs_nudge))
            needs_nudge = 0
    return found


def _run(calls: list[Call]) -> list[Any]:
    deadline = time.monotonic() + 5
    may_have_run = False
    while True:
        is_late = time.monotonic() > deadline
        try:
            return run_all(client(), calls)
        except NotSent as error:
            if not may_have_run:
                raise QueueDown(str(error)) from error
        except redis.BusyLoadingError as error:
            # It reads its file and runs nothing yet; most often that takes less than this.
            if is_late and not may_have_run:
                raise QueueDown(str(error)) from error
        except UNREACHABLE:
            may_have_run = True
            # What our own repeat finds is no duplicate.
            calls = [_without_count(call) for call in calls]
        if is_late:
            raise OutcomeUnknown()
        time.sleep(0.2)


def _without_count(call: Call) -> Call:
    is_counted = call.script is scripts.ENQUEUE
    return call._replace(args=[*call.args[:-2], *_NO_FIELDS]) if is_counted else call


def enqueued(asked: Enqueue, answer: Any) -> Enqueued:
    """Read an answer of `enqueue_all`.

    Raises: OverQuota, BacklogFull, IdempotencyFull, IdempotencyMismatch, QueueDown.
    """
    if isinstance(answer, redis.OutOfMemoryError):
        raise BacklogFull() from answer
    if takes_no_writes(answer):
        raise QueueDown(str(answer)) from answer
    if isinstance(answer, Exception):
        raise answer
    status, receipt, lines, rung = answer
    if status == b"CONFLICT":
        raise IdempotencyMismatch()
    if status == b"FULL":
        raise BacklogFull()
    if status == b"KEYS":
        raise IdempotencyFull()
    if status == b"OVER":
        raise OverQuota(receipt.decode(), int(lines), int(rung))
    return Enqueued(
        receipt=receipt.decode(),
        lines=int(lines),
        is_new=status == b"NEW",
        needs_nudge=bool(rung),
        shard=asked.shard,
    )
