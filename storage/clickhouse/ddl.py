"""Tables as data, and the one place that words DDL: for one server or for a cluster.

On a cluster each table is a ReplicatedMergeTree `<name>_local` on every node behind a Distributed
table `<name>`; on one server it is a plain MergeTree. Everything else uses `<name>`.
"""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A MergeTree table. `shard_by` decides the node, so a repeated insert meets itself there."""

    name: str
    columns: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    order_by: str
    engine: str = "MergeTree"
    partition_by: str = ""
    ttl: str = ""
    shard_by: str = "rand()"
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A materialised view: `select` and `group` around `FROM source`, written to `target`.

    On a cluster each node watches its own rows and keeps its own result.
    """

    name: str
    source: str
    target: str
    select: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step: tables to create, and changes (`table`, `action`) to existing ones.

    `stored_alters` are for what only the table with the rows has: TTL, indexes, settings.
    `fills` are inserts at the end, to be harmless when they run twice.
    """

    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    fills: tuple[str, ...] = ()
    alters: tuple[tuple[str, str], ...] = ()
    stored_alters: tuple[tuple[str, str], ...] = ()


def cluster_clause(cluster: str | None = None) -> str:
    """` ON CLUSTER …`, or nothing on one server."""
    name = settings.CLICKHOUSE_CLUSTER if cluster is None else cluster
    return " ON CLUSTER `{}`".format(name.replace("`", "")) if name else ""


def stored_name(table: str, cluster: str | None = None) -> str:
    """The table that holds the rows, for DELETE, DROP PARTITION and ALTER."""
    return f"{table}_local" if cluster_clause(cluster) else table


def statements(migration: Migration, cluster: str | None = None) -> list[str]:
    """The DDL of a migration, each statement harmless when repeated."""
    created = [sql for table in migration.tables for sql in _create(table, cluster)]
    altered = [sql for table, action in migration.alters for sql in _alter(table, action, cluster)]
    stored = [
        f"ALTER TABLE {stored_name(table, cluster)}{cluster_clause(cluster)} {action}"
        for table, action in migration.stored_alters
    ]
    views = [_watch(view, cluster) for view in migration.views]
    return created + altered + stored + views + list(migration.fills)


def _create(table: Table, cluster: str | None) -> list[str]:
    clause = cluster_clause(cluster)
    lines = ",\n    ".join((*table.columns, *(f"INDEX {index}" for index in table.indexes)))
    stored = stored_name(table.name, cluster)
    sql = f"CREATE TABLE IF NOT EXISTS {stored}{clause}\n(\n    {lines}\n)\n" + _engine(
        table, clause
    )
    if not clause:
        return [sql]
    target = f"{clause.split(' ')[-1]}, currentDatabase(), {stored}, {table.shard_by}"
    distributed = f"CREATE TABLE IF NOT EXISTS {table.name}{clause} AS {stored}"
    return [sql, f"{distributed}\nENGINE = Distributed({target})"]


def _watch(view: View, cluster: str | None) -> str:
    source, target = stored_name(view.source, cluster), stored_name(view.target, cluster)
    return (
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.name}{cluster_clause(cluster)}\n"
        f"TO {target}\nAS {view.select}\nFROM {source}\n{view.group}"
    )


def _engine(table: Table, clause: str) -> str:
    replica = "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
    parts = [f"ENGINE = {'Replicated' if clause else ''}{table.engine}{replica if clause else ''}"]
    if table.partition_by:
        parts.append(f"PARTITION BY {table.partition_by}")
    parts.append(f"ORDER BY {table.order_by}")
    if table.ttl:
        parts.append(f"TTL {table.ttl}")
    options = [f"{name} = {_literal(value)}" for name, value in _options(table, clause).items()]
    return "\n".join(parts) + (f"\nSETTINGS {', '.join(options)}" if options else "")


def _options(table: Table, clause: str) -> dict[str, Any]:
    """Replicated tables remember inserts under the other name of the setting."""
    renamed = {"non_replicated_deduplication_window": "replicated_deduplication_window"}
    if not clause:
        return table.settings
    return {renamed.get(name, name): value for name, value in table.settings.items()}


def _literal(value: object) -> str:
    return str(int(value)) if isinstance(value, int) else f"'{value}'"


def _alter(table: str, action: str, cluster: str | None) -> list[str]:
    clause = cluster_clause(cluster)
    names = dict.fromkeys((stored_name(table, cluster), table))
    return [f"ALTER TABLE {name}{clause} {action}" for name in names]
