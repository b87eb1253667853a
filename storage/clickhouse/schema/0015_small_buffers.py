"""Less memory for inserts and merges, and parts that were merged go when their time is over.

A block is compressed once it has 64 kB, but each file that is written has memory for 1 MB, and
there are dozens at a time: now it begins with 16 kB and grows where it must. The engine looks for
parts to remove less and less often while it finds none, down to every five minutes: now every half
a minute. Measured in docs/decisions/0017-engine-memory.md.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=(
        ("logs", "MODIFY SETTING min_columns_to_activate_adaptive_write_buffer = 1"),
        *(
            (table, "MODIFY SETTING max_cleanup_delay_period = 30")
            for table in ("logs", "log_counts", "receipts", "quarantine")
        ),
    )
)
