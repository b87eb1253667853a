"""A queue server that may lose acknowledged lines is refused before anything starts."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ingestion.durability import durability_problems
from storage import facade as storage
from storage.clickhouse import client

SETTINGS = {"appendfsync": "everysec", "maxmemory-policy": "allkeys-lru", "appendonly": "no"}
GOOD = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


@pytest.fixture
def server(valkey):
    yield valkey
    for name, value in GOOD.items():
        valkey.config_set(name, value)


def test_a_server_with_the_right_settings_has_no_problems(server) -> None:
    assert durability_problems() == []


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_that_loses_lines_is_named(server, name: str) -> None:
    server.config_set(name, SETTINGS[name])
    (problem,) = durability_problems()
    assert problem.startswith(f"{name} is {SETTINGS[name]!r}")


@pytest.mark.django_db
@pytest.mark.usefixtures("server", "clickhouse")
def test_nothing_is_prepared_on_an_engine_that_stores_repeats_twice() -> None:
    change = "ALTER TABLE receipts MODIFY SETTING non_replicated_deduplication_window = "
    assert storage.forgetful_tables() == []
    client.run(f"{change} 0")
    try:
        with pytest.raises(CommandError, match="receipts .* do not remember inserts"):
            call_command("prepare", "--no-static", stdout=StringIO())
    finally:
        client.run(f"{change} 10000")


@pytest.mark.django_db
@pytest.mark.usefixtures("clickhouse")
def test_nothing_is_prepared_on_such_a_server(server) -> None:
    server.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(CommandError, match="noeviction"):
        call_command("prepare", "--no-static", stdout=StringIO())
