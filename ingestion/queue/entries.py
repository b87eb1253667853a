"""Entries as they lie in the stream, and back."""

from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter

import orjson
import redis

from ingestion.contracts import Entry, QueuedEntry
from ingestion.queue import names
from ingestion.queue.connection import client

_HEAD = tuple(field.name for field in fields(Entry) if field.name not in ("body", "received_at"))
_head_of = attrgetter(*_HEAD)


def dump_head(entry: Entry) -> bytes:
    """Everything of an entry but its body, as JSON."""
    head = dict(zip(_HEAD, _head_of(entry), strict=True))
    head["received_at"] = int(entry.received_at.timestamp() * 1000)
    return orjson.dumps(head)


def load_entry(shard: int, stream_id: str, head_json: str | bytes, body: bytes) -> QueuedEntry:
    """The entry again from its head and body."""
    head = orjson.loads(head_json)
    head["received_at"] = datetime.fromtimestamp(head["received_at"] / 1000, UTC)
    return QueuedEntry(shard=shard, stream_id=stream_id, entry=Entry(body=body, **head))


def load_row(shard: int, stream_id: bytes, fields: dict[bytes, bytes]) -> QueuedEntry:
    """The entry again from a row of the stream."""
    return load_entry(shard, stream_id.decode(), fields[b"h"], fields[b"p"])


def queued_entry(receipt: str) -> QueuedEntry | None:
    """The entry behind a receipt while it is still in the queue."""
    shard, _, stream_id = receipt.partition("-")
    if not shard.isdigit() or int(shard) not in names.shards():
        return None
    try:
        rows = client().xrange(names.stream_key(int(shard)), stream_id, stream_id)
    except redis.ResponseError:
        return None
    return load_row(int(shard), *rows[0]) if rows else None
