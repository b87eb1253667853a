"""The largest merge has an end, few large ones run at a time, and old parts go one by one.

A merge keeps the new place of each of its lines in memory, for the index of words: parts of any
size would take any memory. Beyond two merges at a time, only smaller ones begin. More than a
hundred parts were removed by 128 threads, each of which keeps memory to itself. Measured in
docs/decisions/0017-engine-memory.md.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=(
        (
            "logs",
            "MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1073741824,"
            " max_bytes_to_merge_at_min_space_in_pool = 67108864,"
            " number_of_free_entries_in_pool_to_lower_max_size_of_merge = 4",
        ),
        *(
            (table, "MODIFY SETTING concurrent_part_removal_threshold = 10000")
            for table in ("logs", "log_counts", "receipts", "quarantine")
        ),
    )
)
