"""The disk of the engine is full, that of the queue is not: bodies wait and are stored once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage
from typing import Any
from urllib.parse import quote

import pytest

from ingestion import drain, queue
from storage import facade as storage
from storage.clickhouse import client
from storage.facade import StoreUnavailable
from tests.embedded.engines import PASSWORD, Engine
from tests.ingestion.feeding import drain_all, messages, put
from tests.services import wait_until
from tests.small_disk import MB, Ballast, small_disk

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey"), pytest.mark.timeout(120)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", 300 * MB) as folder:
        yield folder


@pytest.fixture
def ballast(disk: Path, settings: Any) -> Iterator[Ballast]:
    """What fills the disk of the engine that these tests use."""
    engine, ballast = Engine(disk), Ballast(disk / "ballast")
    settings.CLICKHOUSE_URL = f"http://default:{quote(PASSWORD)}@127.0.0.1:{engine.port}/default"
    client.forget_clients()
    storage.migrate()
    yield ballast
    ballast.drop()
    client.forget_clients()
    engine.kill()


def test_what_does_not_fit_waits_and_is_stored_once_when_there_is_room(
    disk: Path, ballast: Ballast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "_RETRY_S", ())
    put(b"before")
    drain_all()
    put(b'{"message":"waits"}\n{"cut', strict_json=True)
    ballast.take_all()
    wait_until(lambda: disk_usage(disk).free == 0, 20)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            drain_all()
    assert messages() == Counter(["before"]), "reading goes on"
    assert queue.backlog_bytes() > 0
    ballast.drop()
    assert drain_all() == 1
    assert messages() == Counter(["before", "waits"])
    assert storage.count_rejects(storage.RejectQuery(apps=("shop",))) == 1
    assert queue.backlog_bytes() == 0
