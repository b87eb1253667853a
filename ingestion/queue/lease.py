"""The right to drain a shard, and what its holder does: read groups, split them, acknowledge."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from django.conf import settings

from ingestion.contracts import QueuedEntry
from ingestion.queue import names, scripts
from ingestion.queue.connection import client
from ingestion.queue.entries import load_entry, load_row
from ingestion.queue.results import add_results

LINES, UNREAD = _FATES = ("lines", "unread")
MAX_ENTRIES = 2000
_OLD_GROUP = "drain"
_LEAST_SHARE_BYTES = 1 << 20
_LEAST_SHARE_ENTRIES = 16
# How long the last body of a sender waits for the next one where its last record may go on there,
# since it came and since the first body of that record did, and how far such a record may spread.
_QUIET_MS, _HOLD_MS = 1000, 3000
_SPREAD_BYTES, _SPREAD_ENTRIES = 1 << 20, 64
_HELD_PAUSE_S = 0.02
_PIECE_BYTES = 1 << 20


class LeaseLost(Exception):
    """Another drain holds this shard now; this one must stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that go into the store by one insert, under one token.

    `fate`: how the one entry of a group that cannot be stored goes to quarantine: as its "lines",
    or "unread" where looking into it kills the worker; "" for others. `reason`: why, where known.
    `is_repeat`: somebody may have stored it before, perhaps long ago.
    """

    token: str
    entries: list[QueuedEntry]
    fate: str = ""
    reason: str = ""
    is_repeat: bool = field(default=False, compare=False)


class ShardLease:
    """The right to drain one shard; a fence, not a guarantee: all writes also carry tokens."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.holder = secrets.token_hex(8)
        self._held_until = 0.0
        self._holds_back = False

    def acquire(self) -> bool:
        """Take the lease unless somebody holds it."""
        held_until = time.monotonic() + settings.ENV.lease_s
        taken = client().set(
            names.lease_key(self.shard), self.holder, nx=True, ex=settings.ENV.lease_s
        )
        if taken:
            self._held_until = held_until
            keys = [
                names.stream_key(self.shard),
                names.intents_key(self.shard),
                names.ring_key(self.shard),
            ]
            scripts.ADOPT.run(client(), keys, [_OLD_GROUP, names.lane_prefix(self.shard)])
        return bool(taken)

    def renew(self) -> None:
        """Keep the lease and the nudge mark for another LEASE_S seconds; raises LeaseLost."""
        held_until = time.monotonic() + settings.ENV.lease_s
        keys = [names.lease_key(self.shard), names.nudge_key(self.shard)]
        if not scripts.RENEW.run(
            client(), keys, [self.holder, settings.ENV.lease_s, names.NUDGE_S]
        ):
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
            client(), [names.lease_key(self.shard), names.nudge_key(self.shard)], [self.holder]
        )

    def pending_tokens(self) -> list[str]:
        """Tokens of groups that were read but never acknowledged, in the order of their reads."""
        tokens = [token.decode() for token in client().hkeys(names.intents_key(self.shard))]
        return sorted(tokens, key=_order)

    def load(self, token: str) -> Group:
        """A group that was read, exactly as it was saved."""
        saved = client().hget(names.intents_key(self.shard), token)
        entries = self._entries(json.loads(saved or "[]"))
        return Group(token=token, entries=entries, fate=_fate_of(token), is_repeat=True)

    def load_heads(self, token: str) -> Group:
        """The same without the bodies, which this process may be too small for."""
        keys = [names.stream_key(self.shard), names.intents_key(self.shard)]
        entries = [
            replace(load_entry(self.shard, stream_id.decode(), head, b""), left_behind=size)
            for stream_id, head, size in scripts.HEADS.run(client(), keys, [token])
        ]
        return Group(token=token, entries=entries, fate=_fate_of(token), is_repeat=True)

    def pieces(self, queued: QueuedEntry) -> Iterator[bytes]:
        """The body that `load_heads` left behind, a few megabytes at a time."""
        for start in range(0, queued.left_behind, _PIECE_BYTES):
            args = [queued.stream_id, start + 1, start + _PIECE_BYTES]
            yield scripts.PIECE.run(client(), [names.stream_key(self.shard)], args)

    def _entries(self, stream_ids: Sequence[str | bytes]) -> list[QueuedEntry]:
        """Entries by their ids; those that are gone are left out."""
        pipeline = client().pipeline(transaction=False)
        for stream_id in stream_ids:
            pipeline.xrange(names.stream_key(self.shard), stream_id, stream_id)
        found = [row for rows in pipeline.execute() for row in rows]
        return [load_row(self.shard, stream_id, fields) for stream_id, fields in found]

    def deaths(self, token: str) -> int:
        """How often a group of `pending_tokens` was begun and its worker died; 1 at least."""
        return int(client().hget(names.deaths_key(self.shard), token) or 0) + 1

    def begin_again(self, token: str) -> None:
        """Count the attempt before it starts: a worker that dies cannot do it."""
        client().hincrby(names.deaths_key(self.shard), token, 1)

    def forgive(self, token: str) -> None:
        """Take an attempt back that ended without the worker's death; not where it was split."""
        if client().hexists(names.intents_key(self.shard), token):
            client().hincrby(names.deaths_key(self.shard), token, -1)

    def split(self, group: Group, parts: Sequence[Sequence[QueuedEntry]], *, deaths: int) -> None:
        """Save parts of a group in its place, at once; their tokens are `part_token`.

        `deaths` is what parts of several entries start with; a single entry starts afresh.
        """
        args: list[str | int] = [group.token]
        for number, part in enumerate(parts):
            ids = json.dumps([queued.stream_id for queued in part])
            args += [part_token(group.token, number), ids, deaths if len(part) > 1 else -1]
        keys = [names.intents_key(self.shard), names.deaths_key(self.shard)]
        scripts.SPLIT.run(client(), keys, args)

    def condemn(self, group: Group, reason: str = "") -> Group:
        """Save that a group of one entry goes to quarantine, whoever works on it next.

        As its lines, or unread where it was condemned before.
        """
        fate = UNREAD if group.fate else LINES
        token = f"{group.token.removesuffix(f'/{LINES}')}/{fate}"
        ids = json.dumps([queued.stream_id for queued in group.entries])
        keys = [names.intents_key(self.shard), names.deaths_key(self.shard)]
        scripts.SPLIT.run(client(), keys, [group.token, token, ids, -1])
        return Group(token=token, entries=group.entries, fate=fate, reason=reason)

    def wait_for_entries(self, timeout_s: float) -> bool:
        """Whether an entry waits, after `timeout_s` at the latest.

        Waits on the ring, by a move that changes nothing: waiting on the stream would fetch a body
        that `read` fetches again. The ring says nothing while the last read held something back.
        """
        if self._holds_back:
            time.sleep(min(timeout_s, _HELD_PAUSE_S))
            return True
        ring = names.ring_key(self.shard)
        return client().blmove(ring, ring, timeout_s, "LEFT", "LEFT") is not None

    def read(self, *, max_bytes: int) -> Group | None:
        """Take the next entries up to a weight of `max_bytes` and save them as an intent.

        Sources take turns; one entry that is larger than `max_bytes` comes alone. An entry whose
        last record may go on is left for a moment, so that it is in one group with what goes on.

        Raises:
            LeaseLost: another drain took the shard over.
        """
        shard = self.shard
        keys = [
            names.stream_key(shard),
            names.intents_key(shard),
            names.lease_key(shard),
            names.ring_key(shard),
        ]
        keys += [f"lgs:debts:{shard}", f"lgs:groups:{shard}"]
        args = [self.holder, max_bytes, MAX_ENTRIES, shard, names.lane_prefix(shard)]
        args += [_LEAST_SHARE_BYTES, _LEAST_SHARE_ENTRIES]
        args += [_QUIET_MS, _HOLD_MS, _SPREAD_BYTES, _SPREAD_ENTRIES]
        token, stream_ids = scripts.READ.run(client(), keys, args)
        if token == b"LOST":
            raise LeaseLost(f"shard {self.shard}")
        self._holds_back = token == b"HELD"
        if not stream_ids:
            return None
        return Group(token=token.decode(), entries=self._entries(stream_ids))

    def acknowledge(
        self, group: Group, results: dict[str, str], counts: Mapping[str, float] | None = None
    ) -> None:
        """Remove a stored group for good; hand results (receipt → JSON) to who waits.

        `counts` (field → what to add) are booked in the same transaction, and only by the first
        who acknowledges the group.
        """
        sizes = [(queued.stream_id, queued.sent_bytes) for queued in group.entries]
        pipeline = client().pipeline(transaction=True)
        if counts:
            booked = [group.token, *chain.from_iterable(counts.items())]
            scripts.BOOK.queue(pipeline, [names.intents_key(self.shard), names.COUNTS_KEY], booked)
        scripts.ACK.queue(
            pipeline,
            [
                *(names.stream_key(self.shard), names.intents_key(self.shard)),
                *(names.BYTES_KEY, names.deaths_key(self.shard)),
            ],
            [group.token, *chain.from_iterable(sizes)],
        )
        add_results(pipeline, results)
        pipeline.execute()


def part_token(token: str, number: int) -> str:
    """The token of a part of a group."""
    return f"{token}/{number:02}"


def _fate_of(token: str) -> str:
    last = token.rpartition("/")[2]
    return last if last in _FATES else ""


def _order(token: str) -> tuple[int, str]:
    """The number of the read that made the group, then the parts it was split into.

    Tokens of an earlier version have no number.
    """
    head, _, part = token.partition("/")
    fields = head.split(":")
    return int(fields[3]) if len(fields) > 3 else 0, part
