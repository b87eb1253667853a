"""Which Idempotency-Keys came in the last 24 hours, in as little memory as goes.

A day of 100 posts a second is nine million keys; one Valkey key for each would be 2 GB. So they lie
in hashes, a bucket for each three hours and two bytes of the digest, which Valkey packs: 50 bytes
a key. A slot's buckets expire together; how many keys each slot has is counted beside them, and
past `IDEMPOTENCY_MAX_BYTES` bodies with a new key are refused, as 24 hours are the promise.

A content window is a Valkey key of its own, as it ends after the seconds its source says; what is
counted of it counts against the same bytes.
"""

import hashlib

from django.conf import settings

from ingestion.queue.connection import client

KEPT_KEY = "lgs:once:kept"
WINDOWS_KEY = "lgs:windows"
SLOT_S, SLOTS = 3 * 3600, 8
# As measured with buckets of 16 keys, which is 100 posts a second.
KEY_BYTES = 50
WINDOW_KEYS = 5


def once_args(app: str, key: str, body_hash: str) -> list[str | bytes | int]:
    """What the enqueue script needs of a key: bucket, field, mark of the body, most keys."""
    if not key:
        return ["", "", "", most_keys()]
    digest = hashlib.sha256(f"{app}\0{key}".encode()).digest()
    mark = hashlib.sha256(body_hash.encode()).digest()[:8]
    return [digest[:2].hex(), digest[2:12], mark, most_keys()]


def most_keys() -> int:
    """How many keys may be remembered."""
    return int(settings.ENV.idempotency_max_bytes) // KEY_BYTES


def idempotency_fill() -> float:
    """How much of that is used; slots that are over count until the next key comes."""
    keys, windows = (
        sum(int(count) for count in client().hvals(key)) for key in (KEPT_KEY, WINDOWS_KEY)
    )
    kept = keys + windows * WINDOW_KEYS
    return kept / most_keys() if most_keys() else 1.0
