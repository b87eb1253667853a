"""Services that are away: addresses nobody listens on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.test import override_settings

from tests.environment import free_port


@contextmanager
def engine_away() -> Iterator[None]:
    """The log engine refuses connections inside the block."""
    clients: dict[Any, Any] = {}
    url = f"http://default:x@127.0.0.1:{free_port()}/default"
    with (
        patch("storage.clickhouse.client._clients", clients),
        override_settings(CLICKHOUSE_URL=url),
    ):
        yield


@contextmanager
def queue_away() -> Iterator[None]:
    """The queue refuses connections inside the block."""
    from ingestion import queue

    with override_settings(VALKEY_URL=f"redis://127.0.0.1:{free_port()}/0"):
        queue.client.cache_clear()
        try:
            yield
        finally:
            queue.client.cache_clear()
