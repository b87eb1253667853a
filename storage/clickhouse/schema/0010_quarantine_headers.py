"""The header of a refused row of a table (CSV and the like), by which it can be read again."""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    alters=(("quarantine", "ADD COLUMN IF NOT EXISTS header LowCardinality(String)"),)
)
