"""One engine for the tests of this folder; each test makes a table of its own."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.embedded.engines import Engine

WINDOW = "SETTINGS non_replicated_deduplication_window = 100"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A running engine with 1 GiB."""
    engine = Engine(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.kill()


@pytest.fixture
def client(engine: Engine) -> Iterator[Any]:
    """clickhouse-connect's client on the shared engine."""
    with engine.client() as client:
        yield client


@pytest.fixture
def http(engine: Engine) -> Iterator[httpx.Client]:
    """A raw HTTP client on the shared engine."""
    with engine.http() as http:
        yield http


@pytest.fixture
def table(client: Any) -> str:
    """An empty MergeTree table (n UInt64, text String) with a deduplication window."""
    return make_table(client)


def make_table(client: Any) -> str:
    """Create one; see `table`."""
    name = f"t_{uuid.uuid4().hex}"
    client.command(
        f"CREATE TABLE {name} (n UInt64, text String) ENGINE = MergeTree ORDER BY n {WINDOW}"
    )
    return name


@pytest.fixture
def count(client: Any, table: str) -> Callable[[], int]:
    """How many rows the table has now."""
    return lambda: int(client.query(f"SELECT count() FROM {table}").result_rows[0][0])


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Starts engines on one folder of this test, one at a time."""
    started: list[Engine] = []

    def start() -> Engine:
        started.append(Engine(tmp_path / "own"))
        return started[-1]

    yield start
    for engine in started:
        engine.kill()
