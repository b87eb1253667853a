"""What the queue's server remembers of the lines of an app beside the queue itself."""

from ingestion.queue import names
from ingestion.queue.connection import client


def forget_app(app: str) -> None:
    """Forget what lines of an app were like; the queue itself empties by being drained."""
    for prefix in (names.usual_prefix(app), names.header_prefix(app)):
        for key in client().scan_iter(f"{prefix}*", count=1000):
            client().delete(key)
