"""How many of a request's stored lines are parts of the records of lines before them."""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(alters=(("receipts", "ADD COLUMN IF NOT EXISTS joined UInt32"),))
