"""A queue server short of memory takes no more bodies and still empties itself."""

from collections.abc import Iterator

import pytest

from ingestion import queue
from ingestion.errors import BacklogFull
from ingestion.queue import headroom, producer
from tests.ingestion.feeding import make_entry

BODY = b"x" * 10_000


@pytest.fixture
def small(valkey, monkeypatch) -> Iterator[None]:
    """The server has 4 MB for everything that comes."""
    used = valkey.info("memory")["used_memory"]
    monkeypatch.setattr(headroom, "EVERY_S", 0.0)
    monkeypatch.setattr(producer, "_headroom", headroom.Headroom())
    valkey.config_set("maxmemory", used + (4 << 20))
    yield
    valkey.config_set("maxmemory", 0)


def fill() -> int:
    """Bodies taken before the first is refused."""
    for taken in range(10_000):
        try:
            queue.enqueue(make_entry(BODY), idempotency_key="", body_hash="-")
        except BacklogFull:
            return taken
    raise AssertionError("no body was refused")


def drain() -> int:
    """Empty all shards by hand; returns the bodies."""
    drained = 0
    for shard in queue.shards():
        lease = queue.ShardLease(shard)
        assert lease.acquire()
        while group := lease.read(max_bytes=1 << 20):
            lease.renew()
            lease.acknowledge(group, {})
            drained += len(group.entries)
        lease.release()
    return drained


@pytest.mark.usefixtures("small")
def test_it_refuses_before_it_is_full_and_empties_itself() -> None:
    taken = fill()
    assert taken > 10
    assert drain() == taken
    assert fill() > 10


@pytest.mark.usefixtures("small")
def test_a_refused_body_is_counted_nowhere(valkey) -> None:
    taken = fill()
    assert queue.backlog_bytes() == taken * len(BODY)


def test_a_server_without_a_limit_always_has_room(valkey) -> None:
    assert headroom.Headroom().is_left(valkey)


def test_a_server_that_is_away_is_not_full(settings) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    queue.client.cache_clear()
    try:
        assert headroom.Headroom().is_left(queue.client())
    finally:
        queue.client.cache_clear()
