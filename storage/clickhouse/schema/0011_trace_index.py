"""An index of trace ids that is wrong for one granule in a thousand instead of one in a hundred.

Each granule it is wrong about is read and decompressed for nothing; measured in
docs/decisions/0020-speed-of-reading.md. Older parts get theirs in the background.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=(
        ("logs", "DROP INDEX IF EXISTS trace"),
        (
            "logs",
            "ADD INDEX IF NOT EXISTS trace_ids trace_id TYPE bloom_filter(0.001) GRANULARITY 1",
        ),
        ("logs", "MATERIALIZE INDEX trace_ids"),
    )
)
