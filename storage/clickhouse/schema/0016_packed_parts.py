"""What one insert or a small merge writes is one file instead of dozens, each of which was fsynced.

An insert of one line, with its counts, was 39 fsyncs and is nine now. Measured in
docs/decisions/0014-ingest-speed.md.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=tuple(
        (table, "MODIFY SETTING min_bytes_for_full_part_storage = 33554432")
        for table in ("logs", "log_counts", "receipts", "quarantine")
    )
)
