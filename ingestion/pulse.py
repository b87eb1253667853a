"""Whether workers do anything: each note says when one last did."""

import logging
from datetime import UTC, datetime, timedelta

import redis

from ingestion import queue
from logplatform.kernel import clock

logger = logging.getLogger(__name__)

# Beat rings every few seconds; in the middle of a long insert a worker is quiet.
LONGEST_SILENCE = timedelta(minutes=3)
_KEY = "lgs:pulse"


def note() -> None:
    """A worker does something now; never fails."""
    try:
        queue.client().set(_KEY, str(clock.now().timestamp()))
    except redis.RedisError:
        logger.warning("The pulse of the workers cannot be noted", exc_info=True)


def last() -> datetime | None:
    """When a worker last did something; None: none ever did. Raises: redis.RedisError."""
    found = queue.client().get(_KEY)
    return datetime.fromtimestamp(float(found), UTC) if found else None
