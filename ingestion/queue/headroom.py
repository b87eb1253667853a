"""Whether the queue's server has memory left for more bodies.

At its limit it refuses the very writes by which it is emptied (leases, intents, Celery's bells), so
the door stops earlier. The limit on the backlog does not see what entries cost beside their bodies.
"""

import time
from typing import Any

import redis

EVERY_S = 0.5
_SHARE = 0.85


class Headroom:
    """What one process knows of the server's memory, asked twice a second at most."""

    def __init__(self) -> None:
        self._is_left = True
        self._next_at = 0.0

    def is_left(self, client: Any) -> bool:
        """Whether another body may be sent; a server that does not answer is not full."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + EVERY_S
            self._is_left = _is_left(client)
        return self._is_left


def _is_left(client: Any) -> bool:
    try:
        memory = client.info("memory")
    except redis.RedisError:
        return True
    limit = int(memory.get("maxmemory", 0))
    return not limit or int(memory["used_memory"]) < _SHARE * limit
