"""Fewer bytes a line at the same CPU; older parts get them when they are merged.

A column of which all values are alike costs a quarter of a byte at level 1 and nothing at level 3.
Measured in docs/decisions/0021-bytes-and-cpu.md.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=(
        ("logs", "MODIFY COLUMN timestamp CODEC(Delta(8), ZSTD(3))"),
        ("logs", "MODIFY COLUMN received_at CODEC(Delta(8), ZSTD(3))"),
        ("logs", "MODIFY COLUMN trace_id CODEC(ZSTD(3))"),
        ("logs", "MODIFY COLUMN span_id CODEC(ZSTD(3))"),
        (
            "logs",
            "MODIFY SETTING text_index_posting_list_codec = 'bitpacking',"
            " map_buckets_coefficient = 3",
        ),
    )
)
