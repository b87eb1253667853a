"""How far behind the queue is."""

from dataclasses import dataclass
from datetime import datetime

from ingestion.queue import names, scripts
from ingestion.queue.connection import client


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardState:
    """How far behind one shard is."""

    shard: int
    entries: int
    in_progress: int
    oldest_age_s: float | None


def epoch(new: str) -> str:
    """The word that lies in the queue and goes with its data; `new` where there is none."""
    client().set(names.EPOCH_KEY, new, nx=True)
    return str(client().get(names.EPOCH_KEY).decode())


def backlog_bytes() -> int:
    """Bytes of all bodies in the queue."""
    return int(client().get(names.BYTES_KEY) or 0)


def shard_states(now: datetime) -> list[ShardState]:
    """The state of every shard."""
    return [_shard_state(shard, now) for shard in names.shards()]


def _shard_state(shard: int, now: datetime) -> ShardState:
    entries = int(client().xlen(names.stream_key(shard)))
    oldest: bytes = scripts.OLDEST.run(client(), [names.stream_key(shard)], [])
    in_progress = int(client().hlen(names.intents_key(shard)))
    age_s = None
    if oldest:
        entered_ms = int(oldest.split(b"-")[0])
        age_s = max(0.0, now.timestamp() - entered_ms / 1000)
    return ShardState(shard=shard, entries=entries, in_progress=in_progress, oldest_age_s=age_s)


def needs_drain(shard: int) -> bool:
    """Whether entries wait while nobody drains the shard."""
    return bool(client().xlen(names.stream_key(shard))) and not client().exists(
        names.lease_key(shard)
    )
