"""Whether the engine works, and emptying it for tests."""

import re

from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.clickhouse.migrate import TABLES

_WINDOW = re.compile(r"\b(?:non_)?replicated_deduplication_window = (\d+)")


def check_alive() -> None:
    """Ask the engine for a row; known within seconds. Raises: StoreUnavailable, StoreError."""
    client.probe()


def forgetful_tables() -> list[str]:
    """Tables that do not remember the tokens of inserts: what is repeated is there twice."""
    rows = client.fetch(
        "SELECT name, engine_full FROM system.tables "
        "WHERE database = currentDatabase() AND name IN {names:Array(String)} ORDER BY name",
        {"names": [stored_name(table) for table in TABLES]},
    )
    return [row["name"] for row in rows if not _remembers(row["engine_full"])]


def _remembers(engine: str) -> bool:
    """Whether it says so; replicated tables remember unless told not to."""
    if window := _WINDOW.search(engine):
        return int(window[1]) > 0
    return engine.startswith(("Replicated", "Shared"))


def truncate_all() -> None:
    """Remove everything stored, and what is remembered of insert tokens."""
    for table in TABLES:
        client.run(f"TRUNCATE TABLE {stored_name(table)}{cluster_clause()}")


def delete_app_logs(app: str) -> bool:
    """Have everything of an app removed for good; the engine finishes it in the background.

    Returns:
        Whether there was anything. Until that is gone, asking again begins nothing anew.
    """
    held = _tables_with(app)
    for table in held:
        if not _is_emptied(table, app):
            target = f"{stored_name(table)}{cluster_clause()}"
            client.run(f"ALTER TABLE {target} DELETE WHERE app = {{app:String}}", {"app": app})
    return bool(held)


def holds_app(app: str) -> bool:
    """Whether anything of an app is stored: lines, counts, receipts or quarantine."""
    return bool(_tables_with(app))


def _tables_with(app: str) -> list[str]:
    of_app = {"app": app}
    one = "SELECT 1 FROM {} WHERE app = {{app:String}} LIMIT 1"
    return [table for table in TABLES if client.fetch(one.format(table), of_app)]


def _is_emptied(table: str, app: str) -> bool:
    """Whether the engine is at work on it; of a cluster, whether this node is."""
    rows = client.fetch(
        "SELECT 1 FROM system.mutations WHERE NOT is_done AND database = currentDatabase() "
        "AND table = {table:String} AND position(command, {what:String}) > 0 LIMIT 1",
        {"table": stored_name(table), "what": f"DELETE WHERE app = '{app}'"},
    )
    return bool(rows)
