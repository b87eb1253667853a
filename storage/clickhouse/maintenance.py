"""Whether the engine works, and emptying it for tests."""

from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.clickhouse.migrate import TABLES


def check_alive() -> None:
    """Ask the engine for a row; known within seconds. Raises: StoreUnavailable, StoreError."""
    client.probe()


def truncate_all() -> None:
    """Remove everything stored, and what is remembered of insert tokens."""
    for table in TABLES:
        client.run(f"TRUNCATE TABLE {stored_name(table)}{cluster_clause()}")


def delete_app_logs(app: str) -> None:
    """Have everything of an app removed for good; the engine finishes it in the background."""
    for table in TABLES:
        target = f"{stored_name(table)}{cluster_clause()}"
        client.run(f"ALTER TABLE {target} DELETE WHERE app = {{app:String}}", {"app": app})
