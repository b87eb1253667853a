"""Merges are as durable as inserts, and a merged part that cannot be read costs nothing.

A merge is fsynced before the parts it was made of go, and they stay for a minute longer: should the
result be broken, the engine goes on with them when it is started anew, and it starts however large
the broken one is. Why a result may be broken: docs/decisions/0016-full-disk.md.
"""

from storage.clickhouse.ddl import Migration

_SETTINGS = (
    "MODIFY SETTING min_rows_to_fsync_after_merge = 1,"
    " min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 60,"
    " max_suspicious_broken_parts = 10000, max_suspicious_broken_parts_bytes = 1125899906842624"
)

MIGRATION = Migration(
    stored_alters=tuple((table, _SETTINGS) for table in ("logs", "receipts", "quarantine"))
)
