"""Fixtures of the queue."""

from collections.abc import Iterator

import pytest

from ingestion import queue


@pytest.fixture
def lease(monkeypatch: pytest.MonkeyPatch) -> Iterator[queue.ShardLease]:
    """The lease of the shard that everything goes to in these tests."""
    monkeypatch.setattr(queue, "shards", lambda: range(1))
    lease = queue.ShardLease(0)
    assert lease.acquire()
    yield lease
    lease.release()
