"""The ingest queue: one Valkey stream a shard, drained by one lease holder at a time.

Bodies lie in the stream; which of them wait is kept by source, in lanes, and a ring names the
lanes where something waits. A read takes turns along the ring, so a deep backlog of one source
holds up no other, and each lane stays in its order.

Every change of the queue is one Lua script, so a crash never leaves half of it: a read also saves
the intent (which entries go into one insert), an acknowledgement removes entries, intent and
backlog bytes together. An intent is replayed as it was saved, so its insert token never covers
other rows. Source: https://valkey.io/topics/streams-intro/, docs/decisions/0002 and 0009.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ingestion import queue_scripts as scripts
from ingestion.contracts import Entry, QueuedEntry, Terms
from ingestion.errors import BacklogFull, IdempotencyMismatch, OutcomeUnknown
from ingestion.headroom import Headroom

LINES, UNREAD = _FATES = ("lines", "unread")
IDEMPOTENCY_S = 24 * 3600
MAX_ENTRIES = 2000
_OLD_GROUP = "drain"
_LEAST_SHARE_BYTES = 1 << 20
_LEAST_SHARE_ENTRIES = 16
_RETRY_IDENTITY_S = 120
_NUDGE_S = 15
_RESULT_S = 60
_NO_TERMS = Terms()
_UNREACHABLE = (redis.ConnectionError, redis.TimeoutError)


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


class LeaseLost(Exception):
    """Another drain holds this shard now; this one must stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """The answer of the queue; `is_new` is False where the idempotency key was known."""

    receipt: str
    lines: int
    is_new: bool
    needs_nudge: bool
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that go into the store by one insert, under one token.

    `fate`: how the one entry of a group that cannot be stored goes to quarantine: as its "lines",
    or "unread" where looking into it kills the worker; "" for others. `reason`: why, where known.
    """

    token: str
    entries: list[QueuedEntry]
    fate: str = ""
    reason: str = ""


@cache
def client() -> Any:
    """The redis client of this process; commands are never repeated behind our back.

    Untyped: redis-py annotates every answer as the union of all protocols and of async.
    """
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        socket_timeout=5,
        socket_connect_timeout=2,
        health_check_interval=0,
        retry=Retry(NoBackoff(), 0),
    )


def check_alive() -> None:
    """Raise unless the queue answers."""
    client().ping()


def shards() -> range:
    """All shards."""
    return range(settings.ENV.ingest_shards)


def stream_key(shard: int) -> str:
    """The key of a shard's stream."""
    return f"lgs:ingest:{shard}"


def _intents_key(shard: int) -> str:
    return f"lgs:intents:{shard}"


def _lease_key(shard: int) -> str:
    return f"lgs:lease:{shard}"


def _nudge_key(shard: int) -> str:
    return f"lgs:nudge:{shard}"


def _deaths_key(shard: int) -> str:
    return f"lgs:deaths:{shard}"


def _ring_key(shard: int) -> str:
    return f"lgs:ring:{shard}"


def _lane_prefix(shard: int) -> str:
    return f"lgs:lane:{shard}:"


BYTES_KEY = "lgs:ingest:bytes"
LAST_USED_KEY = "lgs:keys:last-used"
_COUNTS_KEY = "lgs:metrics"
_DIRECT_KEY = "lgs:metrics:direct"


_headroom = Headroom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """An entry as the enqueue script takes it; the once-key among them makes repeats harmless."""

    shard: int
    keys: list[str]
    args: list[Any]


def enqueue(
    entry: Entry, *, idempotency_key: str, body_hash: str, terms: Terms = _NO_TERMS
) -> Enqueued:
    """Put an entry on the queue, fsynced, at most once for each idempotency key or window key.

    Raises:
        OverQuota: a limit of the terms is reached.
        BacklogFull: the backlog is over its limit, or the server is short of memory.
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
    shard = secrets.randbelow(len(shards()))
    once_key = f"lgs:once:{entry.app}:{idempotency_key or secrets.token_hex(16)}"
    ttl_s = IDEMPOTENCY_S if idempotency_key else _RETRY_IDENTITY_S
    lane = f"{entry.app}/{entry.source}"
    keys = [stream_key(shard), once_key, BYTES_KEY, _nudge_key(shard)]
    keys += [_ring_key(shard), _lane_prefix(shard) + lane, _COUNTS_KEY]
    keys += [terms.window_key, terms.rate_key, terms.source_key, terms.app_key]
    limit = settings.ENV.queue_max_bytes
    args = [entry.body, dump_head(entry), len(entry.body), limit, body_hash, ttl_s]
    args += [entry.lines, shard, _NUDGE_S, entry.size, lane]
    args += [terms.window_s, terms.rate_bytes, terms.burst_bytes]
    args += [terms.source_bytes, terms.app_bytes, terms.duplicates_field]
    return Enqueue(shard=shard, keys=keys, args=args)


def enqueue_all(asked: Sequence[Enqueue]) -> list[Any]:
    """Put entries on the queue in one round trip; repeated only because that is harmless.

    Returns:
        An answer for each, to be read by `enqueued`.
    Raises:
        QueueDown, OutcomeUnknown: as `enqueue`, and the same for all.
        BacklogFull: the server is short of memory.
    """
    if not _headroom.is_left(client()):
        raise BacklogFull()
    calls = [(ask.keys, ask.args) for ask in asked]
    deadline = time.monotonic() + 5
    is_first = True
    while True:
        try:
            return scripts.ENQUEUE.run_all(client(), calls)
        except scripts.NotSent as error:
            if is_first:
                raise QueueDown(str(error)) from error
        except _UNREACHABLE:
            is_first = False
            # What our own repeat finds is no duplicate.
            calls = [(ask.keys, [*ask.args[:-1], ""]) for ask in asked]
        if time.monotonic() > deadline:
            raise OutcomeUnknown()
        time.sleep(0.2)


def enqueued(asked: Enqueue, answer: Any) -> Enqueued:
    """Read an answer of `enqueue_all`. Raises: OverQuota, BacklogFull, IdempotencyMismatch."""
    if isinstance(answer, redis.OutOfMemoryError):
        raise BacklogFull() from answer
    if isinstance(answer, Exception):
        raise answer
    status, receipt, lines, rung = answer
    if status == b"CONFLICT":
        raise IdempotencyMismatch()
    if status == b"FULL":
        raise BacklogFull()
    if status == b"OVER":
        raise OverQuota(receipt.decode(), int(lines), int(rung))
    return Enqueued(
        receipt=receipt.decode(),
        lines=int(lines),
        is_new=status == b"NEW",
        needs_nudge=bool(rung),
        shard=asked.shard,
    )


def dump_head(entry: Entry) -> str:
    """Everything of an entry but its body, as JSON."""
    head = asdict(entry)
    del head["body"]
    head["received_at"] = int(entry.received_at.timestamp() * 1000)
    return json.dumps(head, separators=(",", ":"))


def load_entry(shard: int, stream_id: str, head_json: str | bytes, body: bytes) -> QueuedEntry:
    """The entry again from its head and body."""
    head = json.loads(head_json)
    head["received_at"] = datetime.fromtimestamp(head["received_at"] / 1000, UTC)
    return QueuedEntry(shard=shard, stream_id=stream_id, entry=Entry(body=body, **head))


def _load_row(shard: int, stream_id: bytes, fields: dict[bytes, bytes]) -> QueuedEntry:
    return load_entry(shard, stream_id.decode(), fields[b"h"], fields[b"p"])


class ShardLease:
    """The right to drain one shard; a fence, not a guarantee: all writes also carry tokens."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.holder = secrets.token_hex(8)
        self._held_until = 0.0

    def acquire(self) -> bool:
        """Take the lease unless somebody holds it."""
        held_until = time.monotonic() + settings.ENV.lease_s
        taken = client().set(_lease_key(self.shard), self.holder, nx=True, ex=settings.ENV.lease_s)
        if taken:
            self._held_until = held_until
            keys = [stream_key(self.shard), _intents_key(self.shard), _ring_key(self.shard)]
            scripts.ADOPT.run(client(), keys, [_OLD_GROUP, _lane_prefix(self.shard)])
        return bool(taken)

    def renew(self) -> None:
        """Keep the lease and the nudge mark for another LEASE_S seconds; raises LeaseLost."""
        held_until = time.monotonic() + settings.ENV.lease_s
        keys = [_lease_key(self.shard), _nudge_key(self.shard)]
        if not scripts.RENEW.run(client(), keys, [self.holder, settings.ENV.lease_s, _NUDGE_S]):
            raise LeaseLost(f"shard {self.shard}")
        self._held_until = held_until

    def check_held(self) -> None:
        """Raise LeaseLost unless this process surely holds the lease; asks nobody.

        For a process that was frozen: what it held may have been taken over and split meanwhile.
        """
        if time.monotonic() > self._held_until:
            raise LeaseLost(f"shard {self.shard}")

    def release(self) -> None:
        """Give the lease and the nudge mark back."""
        scripts.RELEASE.run(
            client(), [_lease_key(self.shard), _nudge_key(self.shard)], [self.holder]
        )

    def pending_tokens(self) -> list[str]:
        """Tokens of groups that were read but never acknowledged, in the order of their reads."""
        tokens = [token.decode() for token in client().hkeys(_intents_key(self.shard))]
        return sorted(tokens, key=_order)

    def load(self, token: str) -> Group:
        """A group that was read, exactly as it was saved."""
        saved = client().hget(_intents_key(self.shard), token)
        pipeline = client().pipeline(transaction=False)
        for stream_id in json.loads(saved or "[]"):
            pipeline.xrange(stream_key(self.shard), stream_id, stream_id)
        found = [row for rows in pipeline.execute() for row in rows]
        entries = [_load_row(self.shard, stream_id, fields) for stream_id, fields in found]
        last = token.rpartition("/")[2]
        return Group(token=token, entries=entries, fate=last if last in _FATES else "")

    def deaths(self, token: str) -> int:
        """How often a group of `pending_tokens` was begun and its worker died; 1 at least."""
        return int(client().hget(_deaths_key(self.shard), token) or 0) + 1

    def begin_again(self, token: str) -> None:
        """Count the attempt before it starts: a worker that dies cannot do it."""
        client().hincrby(_deaths_key(self.shard), token, 1)

    def forgive(self, token: str) -> None:
        """Take an attempt back that ended without the worker's death; not where it was split."""
        if client().hexists(_intents_key(self.shard), token):
            client().hincrby(_deaths_key(self.shard), token, -1)

    def split(self, group: Group, parts: Sequence[Sequence[QueuedEntry]], *, deaths: int) -> None:
        """Save parts of a group in its place, at once; their tokens are `part_token`.

        `deaths` is what parts of several entries start with; a single entry starts afresh.
        """
        args: list[str | int] = [group.token]
        for number, part in enumerate(parts):
            ids = json.dumps([queued.stream_id for queued in part])
            args += [part_token(group.token, number), ids, deaths if len(part) > 1 else -1]
        keys = [_intents_key(self.shard), _deaths_key(self.shard)]
        scripts.SPLIT.run(client(), keys, args)

    def condemn(self, group: Group, reason: str = "") -> Group:
        """Save that a group of one entry goes to quarantine, whoever works on it next.

        As its lines, or unread where it was condemned before.
        """
        fate = UNREAD if group.fate else LINES
        token = f"{group.token.removesuffix(f'/{LINES}')}/{fate}"
        ids = json.dumps([queued.stream_id for queued in group.entries])
        keys = [_intents_key(self.shard), _deaths_key(self.shard)]
        scripts.SPLIT.run(client(), keys, [group.token, token, ids, -1])
        return Group(token=token, entries=group.entries, fate=fate, reason=reason)

    def wait_for_entries(self, timeout_s: float) -> bool:
        """Whether an entry waits, after `timeout_s` at the latest.

        Waits on the ring, by a move that changes nothing: waiting on the stream would fetch a body
        that `read` fetches again.
        """
        ring = _ring_key(self.shard)
        return client().blmove(ring, ring, timeout_s, "LEFT", "LEFT") is not None

    def read(self, *, max_bytes: int) -> Group | None:
        """Take the next entries up to `max_bytes` (decompressed) and save them as an intent.

        Sources take turns; one entry that is larger than `max_bytes` comes alone.

        Raises:
            LeaseLost: another drain took the shard over.
        """
        shard = self.shard
        keys = [stream_key(shard), _intents_key(shard), _lease_key(shard), _ring_key(shard)]
        keys += [f"lgs:debts:{shard}", f"lgs:groups:{shard}"]
        args = [self.holder, max_bytes, MAX_ENTRIES, shard, _lane_prefix(shard)]
        args += [_LEAST_SHARE_BYTES, _LEAST_SHARE_ENTRIES]
        token, rows = scripts.READ.run(client(), keys, args)
        if token == b"LOST":
            raise LeaseLost(f"shard {self.shard}")
        entries = [
            _load_row(self.shard, stream_id, dict(zip(flat[::2], flat[1::2], strict=True)))
            for stream_id, flat in rows
        ]
        return Group(token=token.decode(), entries=entries) if entries else None

    def acknowledge(
        self, group: Group, results: dict[str, str], counts: Mapping[str, float] | None = None
    ) -> None:
        """Remove a stored group for good; hand results (receipt → JSON) to who waits.

        `counts` (field → what to add) are booked in the same transaction, and only by the first
        who acknowledges the group.
        """
        sizes = [(queued.stream_id, len(queued.entry.body)) for queued in group.entries]
        pipeline = client().pipeline(transaction=True)
        if counts:
            booked = [group.token, *chain.from_iterable(counts.items())]
            scripts.BOOK.queue(pipeline, [_intents_key(self.shard), _COUNTS_KEY], booked)
        scripts.ACK.queue(
            pipeline,
            [
                *(stream_key(self.shard), _intents_key(self.shard)),
                *(BYTES_KEY, _deaths_key(self.shard)),
            ],
            [group.token, *chain.from_iterable(sizes)],
        )
        for receipt, result in results.items():
            pipeline.rpush(_result_key(receipt), result)
            pipeline.expire(_result_key(receipt), _RESULT_S)
        pipeline.execute()


def part_token(token: str, number: int) -> str:
    """The token of a part of a group."""
    return f"{token}/{number:02}"


def _order(token: str) -> tuple[int, str]:
    """The number of the read that made the group, then the parts it was split into.

    Tokens of an earlier version have no number.
    """
    head, _, part = token.partition("/")
    fields = head.split(":")
    return int(fields[3]) if len(fields) > 3 else 0, part


def _result_key(receipt: str) -> str:
    return f"lgs:result:{receipt}"


def wait_for_result(receipt: str, *, timeout_s: float) -> str | None:
    """The result JSON of a receipt once the drain has it, None after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0:
        found = client().blpop([_result_key(receipt)], timeout=min(left, 3))
        if found:
            return str(found[1].decode())
    return None


def queued_entry(receipt: str) -> QueuedEntry | None:
    """The entry behind a receipt while it is still in the queue."""
    shard, _, stream_id = receipt.partition("-")
    if not shard.isdigit() or int(shard) not in shards():
        return None
    try:
        rows = client().xrange(stream_key(int(shard)), stream_id, stream_id)
    except redis.ResponseError:
        return None
    return _load_row(int(shard), *rows[0]) if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardState:
    """How far behind one shard is."""

    shard: int
    entries: int
    in_progress: int
    oldest_age_s: float | None


def backlog_bytes() -> int:
    """Bytes of all bodies in the queue."""
    return int(client().get(BYTES_KEY) or 0)


def shard_states(now: datetime) -> list[ShardState]:
    """The state of every shard."""
    return [_shard_state(shard, now) for shard in shards()]


def _shard_state(shard: int, now: datetime) -> ShardState:
    entries = int(client().xlen(stream_key(shard)))
    oldest: bytes = scripts.OLDEST.run(client(), [stream_key(shard)], [])
    in_progress = int(client().hlen(_intents_key(shard)))
    age_s = None
    if oldest:
        entered_ms = int(oldest.split(b"-")[0])
        age_s = max(0.0, now.timestamp() - entered_ms / 1000)
    return ShardState(shard=shard, entries=entries, in_progress=in_progress, oldest_age_s=age_s)


def book(counts: Mapping[str, float]) -> None:
    """Add to the counts outside of an acknowledgement."""
    pipeline = client().pipeline(transaction=False)
    for field, amount in counts.items():
        pipeline.hincrbyfloat(_COUNTS_KEY, field, amount)
    pipeline.execute()


def direct_position() -> int | None:
    """Up to when receipts of direct writes are booked, in ms since 1970; None: none ever were."""
    found = client().get(_DIRECT_KEY)
    return int(found) if found else None


def book_direct(counts: Mapping[str, float], *, before: int | None, after: int) -> bool:
    """Book the direct writes between two positions; False where somebody was faster."""
    args = ["" if before is None else before, after, *chain.from_iterable(counts.items())]
    return bool(scripts.BOOK_SPAN.run(client(), [_COUNTS_KEY, _DIRECT_KEY], args))


def booked() -> dict[bytes, bytes]:
    """Everything that was ever booked: field → sum."""
    found: dict[bytes, bytes] = client().hgetall(_COUNTS_KEY)
    return found


def counters(keys: Sequence[str]) -> list[int]:
    """The values of counters that the enqueue script keeps; 0 where nothing was counted."""
    return [int(value or 0) for value in client().mget(keys)] if keys else []


def needs_drain(shard: int) -> bool:
    """Whether entries wait while nobody drains the shard."""
    return bool(client().xlen(stream_key(shard))) and not client().exists(_lease_key(shard))


def note_key_use(key_id: int, when: datetime) -> None:
    """Remember that a key was used; `take_key_use` moves it to the database."""
    client().hset(LAST_USED_KEY, str(key_id), str(when.timestamp()))


def take_key_use() -> dict[int, float]:
    """Key id → time of last use (epoch seconds) since the last call."""
    pipeline = client().pipeline(transaction=True)
    pipeline.hgetall(LAST_USED_KEY)
    pipeline.delete(LAST_USED_KEY)
    notes, _ = pipeline.execute()
    return {int(key): float(at) for key, at in notes.items()}
