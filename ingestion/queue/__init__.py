"""The ingest queue: one Valkey stream a shard, drained by one lease holder at a time.

Bodies lie in the stream; which of them wait is kept by source, in lanes, and a ring names the
lanes where something waits. A read takes turns along the ring, so a deep backlog of one source
holds up no other, and each lane stays in its order.

Every change of the queue is one Lua script, so a crash never leaves half of it: a read also saves
the intent (which entries go into one insert), an acknowledgement removes entries, intent and
backlog bytes together. An intent is replayed as it was saved, so its insert token never covers
other rows. Source: https://valkey.io/topics/streams-intro/, docs/decisions/0002 and 0009.

What others may use is named here; they say `queue.enqueue`, `queue.ShardLease`.
"""

from ingestion.queue.connection import answering, check_alive, client
from ingestion.queue.counts import book, book_direct, booked, counters, direct_position
from ingestion.queue.entries import dump_head, load_entry, queued_entry
from ingestion.queue.key_use import is_revoked, note_key_use, note_revoked, take_key_use
from ingestion.queue.lease import LINES, UNREAD, Group, LeaseLost, ShardLease, part_token
from ingestion.queue.leftovers import forget_app
from ingestion.queue.names import BYTES_KEY, header_prefix, shards, stream_key, usual_prefix
from ingestion.queue.once import idempotency_fill
from ingestion.queue.producer import (
    Enqueue,
    Enqueued,
    OverQuota,
    QueueDown,
    enqueue,
    enqueue_all,
    enqueue_of,
    enqueued,
)
from ingestion.queue.repeats import Repeat, forget_repeats, take_repeats
from ingestion.queue.results import wait_for_result
from ingestion.queue.state import ShardState, backlog_bytes, epoch, needs_drain, shard_states

__all__ = [
    "BYTES_KEY",
    "LINES",
    "UNREAD",
    "Enqueue",
    "Enqueued",
    "Group",
    "LeaseLost",
    "OverQuota",
    "QueueDown",
    "Repeat",
    "ShardLease",
    "ShardState",
    "answering",
    "backlog_bytes",
    "book",
    "book_direct",
    "booked",
    "check_alive",
    "client",
    "counters",
    "direct_position",
    "dump_head",
    "enqueue",
    "enqueue_all",
    "enqueue_of",
    "enqueued",
    "epoch",
    "forget_repeats",
    "forget_app",
    "header_prefix",
    "idempotency_fill",
    "is_revoked",
    "load_entry",
    "needs_drain",
    "note_key_use",
    "note_revoked",
    "part_token",
    "queued_entry",
    "shard_states",
    "shards",
    "stream_key",
    "take_key_use",
    "take_repeats",
    "usual_prefix",
    "wait_for_result",
]
