"""What became of requests (receipts), and the lines that could not be read (quarantine)."""

from storage.clickhouse.ddl import Migration, Table

KEEP_DAYS = 30
SETTINGS = {
    "non_replicated_deduplication_window": 10_000,
    "fsync_after_insert": True,
    "fsync_part_directory": True,
    "ttl_only_drop_parts": True,
}

MIGRATION = Migration(
    tables=(
        Table(
            name="receipts",
            columns=(
                "receipt String CODEC(ZSTD(1))",
                "app LowCardinality(String)",
                "source LowCardinality(String)",
                "received_at DateTime64(3, 'UTC')",
                "done_at DateTime64(3, 'UTC')",
                "backend LowCardinality(String)",
                "protocol LowCardinality(String)",
                "received UInt32",
                "stored UInt32",
                "duplicate UInt32",
                "quarantined UInt32",
                "bytes UInt64",
                "errors String CODEC(ZSTD(1))",
            ),
            order_by="receipt",
            partition_by="toDate(received_at)",
            ttl=f"toDateTime(received_at) + INTERVAL {KEEP_DAYS} DAY",
            shard_by="cityHash64(receipt)",
            settings=SETTINGS,
        ),
        Table(
            name="quarantine",
            columns=(
                "id UUID CODEC(ZSTD(1))",
                "received_at DateTime64(3, 'UTC')",
                "app LowCardinality(String)",
                "source LowCardinality(String)",
                "protocol LowCardinality(String)",
                "receipt String CODEC(ZSTD(1))",
                "line UInt32",
                "reason_code LowCardinality(String)",
                "reason String CODEC(ZSTD(1))",
                "raw String CODEC(ZSTD(1))",
                "format LowCardinality(String)",
            ),
            order_by="(app, received_at, receipt, line)",
            partition_by="toDate(received_at)",
            ttl=f"toDateTime(received_at) + INTERVAL {KEEP_DAYS} DAY",
            shard_by="cityHash64(receipt)",
            settings=SETTINGS,
        ),
    )
)
