"""Whether the queue's server keeps what it acknowledges: looked at before anything starts.

Source: https://valkey.io/topics/persistence/, docs/decisions/0002.
"""

import redis

from ingestion import queue

_NEEDED = {
    "appendonly": ("yes", "what it holds is gone after a restart"),
    "appendfsync": ("always", "a crash loses lines that were acknowledged"),
    "maxmemory-policy": ("noeviction", "it throws lines away when memory is short"),
}


class SettingsHidden(Exception):
    """The server does not let its settings be read; nothing is known about them."""


def durability_problems() -> list[str]:
    """Sentences about settings under which acknowledged lines can be lost; none: all is well.

    Raises:
        SettingsHidden: CONFIG is not allowed, as at some managed services.
        redis.ConnectionError: the server is away.
    """
    try:
        found = queue.client().config_get(*_NEEDED)
    except redis.ResponseError as error:
        raise SettingsHidden(str(error)) from error
    values = {_text(name): _text(value) for name, value in found.items()}
    return [
        f"{name} is {values.get(name, 'unknown')!r}, it has to be {needed!r}: else {consequence}."
        for name, (needed, consequence) in _NEEDED.items()
        if values.get(name) != needed
    ]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
