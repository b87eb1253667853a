"""What telling the ledger and the store apart needs.

`id_key` is the part of the entry key that the ids of a request's lines carry. The indexes keep
questions about a span of arrival from reading whole days: both tables are in another order.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    alters=(
        ("receipts", "ADD COLUMN IF NOT EXISTS id_key UInt64"),
        ("receipts", "ADD COLUMN IF NOT EXISTS sent_bytes UInt64"),
        ("receipts", "ADD COLUMN IF NOT EXISTS reasons Map(LowCardinality(String), UInt32)"),
    ),
    stored_alters=(
        ("receipts", "ADD INDEX IF NOT EXISTS arrival received_at TYPE minmax GRANULARITY 1"),
        ("receipts", "ADD INDEX IF NOT EXISTS finish done_at TYPE minmax GRANULARITY 1"),
        ("logs", "ADD INDEX IF NOT EXISTS arrival received_at TYPE minmax GRANULARITY 4"),
    ),
)
