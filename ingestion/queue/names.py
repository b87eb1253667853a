"""What the queue keeps in Valkey, and under which keys."""

from django.conf import settings

NUDGE_S = 15


def shards() -> range:
    """All shards."""
    return range(settings.ENV.ingest_shards)


def stream_key(shard: int) -> str:
    """The key of a shard's stream."""
    return f"lgs:ingest:{shard}"


def intents_key(shard: int) -> str:
    return f"lgs:intents:{shard}"


def lease_key(shard: int) -> str:
    return f"lgs:lease:{shard}"


def nudge_key(shard: int) -> str:
    return f"lgs:nudge:{shard}"


def deaths_key(shard: int) -> str:
    return f"lgs:deaths:{shard}"


def ring_key(shard: int) -> str:
    return f"lgs:ring:{shard}"


def lane_prefix(shard: int) -> str:
    return f"lgs:lane:{shard}:"


def result_key(receipt: str) -> str:
    return f"lgs:result:{receipt}"


def usual_prefix(app: str) -> str:
    """What sources of an app usually send (`ingestion.rarity`) lies under keys that begin so."""
    return f"lgs:usual:{app}/"


def header_prefix(app: str) -> str:
    """Headers of tables (`ingestion.headers`) lie under keys that begin so."""
    return f"lgs:header:{app}/"


BYTES_KEY = "lgs:ingest:bytes"
EPOCH_KEY = "lgs:epoch"
REVOKED_KEY = "lgs:keys:revoked"
LAST_USED_KEY = "lgs:keys:last-used"
COUNTS_KEY = "lgs:metrics"
DIRECT_KEY = "lgs:metrics:direct"
REPEATS_KEY = "lgs:repeats"
REPEATS_TAKEN_KEY = "lgs:repeats:taken"
