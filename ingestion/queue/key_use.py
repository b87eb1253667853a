"""What the queue knows of API keys: when they were used last, and which were revoked.

The use is moved to the database. What was revoked stays here as well: a database that is restored
from an older copy does not know it any more.
"""

from datetime import datetime

from ingestion.queue import names
from ingestion.queue.connection import ASIDE_S, client


def note_key_use(key_id: int, when: datetime) -> None:
    """Remember that a key was used; `take_key_use` moves it to the database."""
    client(ASIDE_S).hset(names.LAST_USED_KEY, str(key_id), str(when.timestamp()))


def note_revoked(public_id: str) -> None:
    """Refuse this key for good, whatever the database says."""
    client().sadd(names.REVOKED_KEY, public_id)


def is_revoked(public_id: str) -> bool:
    """Whether a key was ever revoked or deleted."""
    return bool(client(ASIDE_S).sismember(names.REVOKED_KEY, public_id))


def take_key_use() -> dict[int, float]:
    """Key id → time of last use (epoch seconds) since the last call."""
    pipeline = client().pipeline(transaction=True)
    pipeline.hgetall(names.LAST_USED_KEY)
    pipeline.delete(names.LAST_USED_KEY)
    notes, _ = pipeline.execute()
    return {int(key): float(at) for key, at in notes.items()}
