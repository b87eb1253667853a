"""The schema: applied once, harmless when repeated, and worded for clusters in one place."""

import io

import pytest
from django.core.management import call_command

from storage import facade
from storage.clickhouse import client
from storage.clickhouse.ddl import Migration, Table, View, statements
from storage.clickhouse.migrate import TABLES, migrations


def tables() -> dict[str, str]:
    rows = client.fetch(
        "SELECT name, create_table_query AS sql FROM system.tables "
        "WHERE database = currentDatabase() ORDER BY name"
    )
    return {row["name"]: row["sql"] for row in rows}


@pytest.mark.usefixtures("clickhouse")
def test_applying_twice_changes_nothing() -> None:
    before = tables()
    assert facade.migrate() == []
    assert tables() == before
    assert set(TABLES) <= set(before)


@pytest.mark.usefixtures("clickhouse")
def test_every_statement_may_be_repeated() -> None:
    before = tables()
    for migration in migrations().values():
        for sql in statements(migration):
            client.run(sql)
    assert tables() == before


@pytest.mark.usefixtures("clickhouse")
def test_the_command_says_when_there_is_nothing_to_do() -> None:
    output = io.StringIO()
    call_command("storage_migrate", stdout=output)
    assert output.getvalue() == "The log store is up to date.\n"


@pytest.mark.usefixtures("clickhouse")
def test_inserts_are_synced_and_remembered() -> None:
    logs = tables()["logs"]
    for setting in ("non_replicated_deduplication_window = 10000", "fsync_after_insert = true"):
        assert setting in logs.replace("fsync_after_insert = 1", "fsync_after_insert = true")


@pytest.mark.usefixtures("clickhouse")
def test_merges_end_at_a_size_and_old_parts_go_one_by_one() -> None:
    made = tables()
    assert "max_bytes_to_merge_at_max_space_in_pool = 1073741824" in made["logs"]
    assert "number_of_free_entries_in_pool_to_lower_max_size_of_merge = 4" in made["logs"]
    for table in TABLES:
        assert "concurrent_part_removal_threshold = 10000" in made[table]


def test_each_number_is_of_one_step_and_says_its_place() -> None:
    numbers = [int(name[:4]) for name in migrations()]
    assert numbers == sorted(set(numbers))


TABLE = Table(
    name="t",
    columns=("a String",),
    order_by="a",
    partition_by="a",
    ttl="now()",
    shard_by="cityHash64(a)",
    settings={"non_replicated_deduplication_window": 5, "mode": "x"},
)


def test_one_server_gets_a_plain_table() -> None:
    assert statements(Migration(tables=(TABLE,), alters=(("t", "ADD COLUMN b UInt8"),)), "") == [
        "CREATE TABLE IF NOT EXISTS t\n(\n    a String\n)\nENGINE = MergeTree\nPARTITION BY a\n"
        "ORDER BY a\nTTL now()\nSETTINGS non_replicated_deduplication_window = 5, mode = 'x'",
        "ALTER TABLE t ADD COLUMN b UInt8",
    ]


def test_a_cluster_gets_replicated_tables_behind_a_distributed_one() -> None:
    local, distributed, *alters = statements(
        Migration(tables=(TABLE,), alters=(("t", "ADD COLUMN b UInt8"),)), "main"
    )
    assert local.startswith("CREATE TABLE IF NOT EXISTS t_local ON CLUSTER `main`\n")
    assert "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}'" in local
    assert "SETTINGS replicated_deduplication_window = 5" in local
    assert distributed == (
        "CREATE TABLE IF NOT EXISTS t ON CLUSTER `main` AS t_local\n"
        "ENGINE = Distributed(`main`, currentDatabase(), t_local, cityHash64(a))"
    )
    assert alters == [
        "ALTER TABLE t_local ON CLUSTER `main` ADD COLUMN b UInt8",
        "ALTER TABLE t ON CLUSTER `main` ADD COLUMN b UInt8",
    ]


def test_a_view_of_a_cluster_watches_the_rows_of_its_own_node() -> None:
    view = View(name="v", source="t", target="c", select="SELECT a", group="GROUP BY a")
    migration = Migration(views=(view,), fills=("INSERT INTO c SELECT a FROM t",))
    assert statements(migration, "") == [
        "CREATE MATERIALIZED VIEW IF NOT EXISTS v\nTO c\nAS SELECT a\nFROM t\nGROUP BY a",
        "INSERT INTO c SELECT a FROM t",
    ]
    assert statements(migration, "main")[0] == (
        "CREATE MATERIALIZED VIEW IF NOT EXISTS v ON CLUSTER `main`\n"
        "TO c_local\nAS SELECT a\nFROM t_local\nGROUP BY a"
    )
