"""Fixtures of the queue."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingestion import queue


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
