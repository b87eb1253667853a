"""Fixtures of the queue."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion import queue
from tests.ingestion.valkeys import Server


@pytest.fixture
def one_shard(settings: Any) -> None:
    """Everything goes to shard 0."""
    settings.ENV = replace(settings.ENV, ingest_shards=1)


@pytest.fixture
def lease(one_shard: None) -> Iterator[queue.ShardLease]:
    """The lease of the shard that everything goes to in these tests."""
    lease = queue.ShardLease(0)
    assert lease.acquire()
    yield lease
    lease.release()


@pytest.fixture
def server(one_shard: None, tmp_path: Path, settings: Any) -> Iterator[Server]:
    """The queue of this test; its clients are made anew before and after."""
    server = Server(tmp_path)
    server.start()
    with used(server, settings):
        yield server
    server.send(signal.SIGCONT)
    server.kill()


@contextmanager
def used(server: Server, settings: Any) -> Iterator[None]:
    """It is the queue inside the block."""
    settings.VALKEY_URL = f"redis://127.0.0.1:{server.port}/0"
    queue.client.cache_clear()
    try:
        yield
    finally:
        queue.client.cache_clear()
