"""The Celery tasks of ingestion: bells, and when keys were last used."""

import pytest

from ingestion import drain as drains
from ingestion import queue, tasks
from ingestion.authentication import identity_of
from ingestion.keys import parse_key
from ingestion.models import ApiKey
from storage.facade import StoreUnavailable
from tests import factories
from tests.ingestion.test_queue import put

pytestmark = pytest.mark.usefixtures("one_shard", "valkey")


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Shards that were rung for."""
    rung: list[int] = []
    monkeypatch.setattr(tasks.drain, "delay", rung.append)
    return rung


def test_a_body_that_came_while_a_drain_ended_is_rung_for(bells, monkeypatch) -> None:
    monkeypatch.setattr(drains, "drain_shard", lambda shard: put() and 0)
    tasks.drain(0)
    assert bells == [0]


def test_an_empty_shard_is_not_rung_for_again(bells, clickhouse) -> None:
    put()
    tasks.drain(0)
    assert bells == []


def test_with_the_engine_away_the_next_tick_rings_not_the_drain(bells, monkeypatch) -> None:
    def unavailable(shard: int) -> int:
        raise StoreUnavailable()

    put()
    monkeypatch.setattr(drains, "drain_shard", unavailable)
    assert tasks.drain(0) is None
    assert bells == []
    tasks.ring_bells()
    assert bells == [0]


def test_a_shard_that_is_being_drained_is_left_alone(bells) -> None:
    put()
    lease = queue.ShardLease(0)
    assert lease.acquire()
    tasks.ring_bells()
    assert bells == []
    lease.release()


@pytest.mark.django_db
@pytest.mark.parametrize("scope", ["ingest", "query"])
def test_the_last_use_of_keys_reaches_the_database_once(scope: str) -> None:
    tenant = factories.make_tenant("alpha")
    text = tenant.ingest_key if scope == "ingest" else tenant.query_key
    assert identity_of(parse_key(text)) is not None
    assert tasks.save_key_use() == 1
    assert [key.scopes for key in ApiKey.objects.exclude(last_used_at=None)] == [[scope]]
    assert tasks.save_key_use() == 0
