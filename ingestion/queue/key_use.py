"""When API keys were last used, until it is moved to the database."""

from datetime import datetime

from ingestion.queue import names
from ingestion.queue.connection import client


def note_key_use(key_id: int, when: datetime) -> None:
    """Remember that a key was used; `take_key_use` moves it to the database."""
    client().hset(names.LAST_USED_KEY, str(key_id), str(when.timestamp()))


def take_key_use() -> dict[int, float]:
    """Key id → time of last use (epoch seconds) since the last call."""
    pipeline = client().pipeline(transaction=True)
    pipeline.hgetall(names.LAST_USED_KEY)
    pipeline.delete(names.LAST_USED_KEY)
    notes, _ = pipeline.execute()
    return {int(key): float(at) for key, at in notes.items()}
