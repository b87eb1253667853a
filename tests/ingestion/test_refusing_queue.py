"""A queue that answers and takes nothing: its disk fails, it is a replica, it is still starting."""

import subprocess
from collections.abc import Callable

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ingestion import queue, tasks
from tests.factories import Roles
from tests.ingestion.test_door import send_to_door
from tests.ingestion.test_fallbacks import read_all
from tests.ingestion.test_queue import put
from tests.ingestion.valkeys import Server
from tests.services import wait_until

pytestmark = pytest.mark.timeout(120)

Heal = Callable[[], object]


def failing_disk(server: Server, client: redis.Redis) -> Heal:
    """A snapshot cannot be written, and then a server with snapshots refuses every write."""
    (server.folder / "dump.rdb" / "in the way").mkdir(parents=True)

    def saved(state: str) -> bool:
        client.bgsave()
        return client.info("persistence")["rdb_last_bgsave_status"] == state

    def heal() -> None:
        (server.folder / "dump.rdb" / "in the way").rmdir()
        (server.folder / "dump.rdb").rmdir()
        wait_until(lambda: _quietly(lambda: saved("ok")), 20)

    client.config_set("save", "3600 1")
    wait_until(lambda: _quietly(lambda: saved("err")), 20)
    return heal


def _quietly(ask: Callable[[], bool]) -> bool:
    """Another snapshot may still be at work."""
    try:
        return ask()
    except redis.ResponseError:
        return False


def replica(server: Server, client: redis.Redis) -> Heal:
    """It became the replica of a server that is not there, as in a failover."""
    client.replicaof("127.0.0.1", "1")
    return lambda: client.replicaof("NO", "ONE")


def lonely(server: Server, client: redis.Redis) -> Heal:
    """It is told to take nothing without a replica."""
    client.config_set("min-replicas-to-write", 1)
    return lambda: client.config_set("min-replicas-to-write", 0)


@pytest.fixture(params=[failing_disk, replica, lonely], ids=lambda one: one.__name__)
def heal(request: pytest.FixtureRequest, server: Server) -> Heal:
    """The queue takes nothing until this is called."""
    return request.param(server, redis.Redis(port=server.port))


def test_what_it_refuses_it_surely_does_not_have(server: Server, heal: Heal) -> None:
    with pytest.raises(queue.QueueDown):
        put(b"refused")
    with pytest.raises(queue.QueueDown):
        put(b"refused with a key", key="k")
    heal()
    assert put(b"refused with a key", key="k").is_new
    assert put(b"later").is_new
    assert sorted(read_all()) == [b"later", b"refused with a key"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clickhouse")
def test_the_door_goes_past_it_or_says_come_again(roles: Roles, server: Server, heal: Heal) -> None:
    for _ in range(2):  # by the view, then by the express lane
        status, _, answer = send_to_door([b"one"], key=roles.a.ingest_key)
        assert (status, answer["backend"]) == (202, "direct")
    keyed = {"idempotency-key": "k"}
    status, headers, answer = send_to_door([b"x"], key=roles.a.ingest_key, headers=keyed)
    assert (status, answer["error"]["code"]) == (503, "queue_away")
    assert int(headers["retry-after"]) > 0
    heal()
    answer = send_to_door([b"x"], key=roles.a.ingest_key, headers=keyed)[2]
    assert answer["backend"] == "queue"


@pytest.mark.usefixtures("clickhouse")
def test_workers_say_so_in_a_sentence_and_go_on_later(server: Server, heal: Heal, caplog) -> None:
    assert tasks.drain(0) is None
    assert "cannot be used now" in caplog.text
    assert "Traceback" not in caplog.text
    heal()
    put(b"later")
    assert tasks.drain(0) == 1


def test_while_it_reads_its_file_bodies_wait_or_are_told_that_it_is_away(server: Server) -> None:
    with redis.Redis(port=server.port).pipeline(transaction=False) as many:
        for number in range(10_000):
            many.set(f"key {number}", "x")
        many.execute()
    server.kill()
    slowly = [*server.command, "--key-load-delay", "150"]
    server.process = subprocess.Popen(slowly, stdout=subprocess.DEVNULL)
    starting = redis.Redis(port=server.port, socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def is_loading() -> bool:
        try:
            return bool(starting.ping()) and False
        except redis.BusyLoadingError:
            return True
        except redis.ConnectionError:
            return False

    wait_until(is_loading, 20, "it never said that it is starting")
    taken: list[bytes] = []

    def is_taken() -> bool:
        try:
            put(b"%d" % len(taken))
        except queue.QueueDown:
            return False
        taken.append(b"%d" % len(taken))
        return True

    wait_until(is_taken, 60)
    assert read_all() == taken == [b"0"]
