"""Applies the schema: each numbered step once, recorded in `schema_migrations`."""

from storage.clickhouse import client
from storage.clickhouse.ddl import Migration, Table, cluster_clause, statements

_RECORD = Migration(
    tables=(
        Table(
            name="schema_migrations",
            columns=("name String", "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)"),
            order_by="name",
        ),
    )
)
TABLES = ("logs", "log_counts", "receipts", "quarantine")


def migrations() -> dict[str, Migration]:
    """All steps by name, in order. Raises: PluginError, when a file is not one."""
    from logplatform.kernel.plugins import find_plugins

    return find_plugins("storage.clickhouse.schema", "MIGRATION", Migration)


def migrate() -> list[str]:
    """Bring the schema up to date.

    Returns:
        Names of the steps applied now; empty when there was nothing to do.
    Raises:
        StoreUnavailable, StoreError: a step that failed is not recorded and runs again next time.
    """
    client.create_database(cluster_clause())
    for sql in statements(_RECORD):
        client.run(sql)
    done = {row["name"] for row in client.fetch("SELECT name FROM schema_migrations")}
    pending = {name: step for name, step in migrations().items() if name not in done}
    for name, step in pending.items():
        for sql in statements(step):
            client.run(sql)
        client.run("INSERT INTO schema_migrations (name) SELECT {name:String}", {"name": name})
    return list(pending)
