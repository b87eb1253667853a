"""The lines. What each setting buys is measured in `docs/decisions/0006-log-table.md`."""

from storage.clickhouse.ddl import Migration, Table

LEVEL = (
    "level LowCardinality(String) ALIAS transform(intDiv(greatest(severity, 1) - 1, 4),"
    " [0, 1, 2, 3, 4], ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'], 'FATAL')"
)

MIGRATION = Migration(
    tables=(
        Table(
            name="logs",
            columns=(
                "id UUID CODEC(ZSTD(1))",
                "timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
                "received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))",
                "app LowCardinality(String) CODEC(ZSTD(1))",
                "source LowCardinality(String) CODEC(ZSTD(1))",
                "service LowCardinality(String) CODEC(ZSTD(1))",
                "host LowCardinality(String) CODEC(ZSTD(1))",
                "logger LowCardinality(String) CODEC(ZSTD(1))",
                "severity UInt8 CODEC(ZSTD(1))",
                LEVEL,
                "message String CODEC(ZSTD(3))",
                "trace_id String CODEC(ZSTD(1))",
                "span_id String CODEC(ZSTD(1))",
                "attributes Map(LowCardinality(String), String) CODEC(ZSTD(3))",
                "pattern_id UInt64 CODEC(ZSTD(1))",
                "anomaly_score UInt8 CODEC(ZSTD(1))",
            ),
            indexes=(
                "message_words lowerUTF8(message) TYPE text(tokenizer = 'splitByNonAlpha')",
                "trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1",
            ),
            order_by="(app, timestamp, id)",
            partition_by="toDate(greatest(timestamp, toDateTime64(received_at, 9, 'UTC')))",
            shard_by="cityHash64(id)",
            settings={
                "index_granularity": 2_048,
                "non_replicated_deduplication_window": 10_000,
                "fsync_after_insert": True,
                "fsync_part_directory": True,
                "map_serialization_version": "with_buckets",
                "map_serialization_version_for_zero_level_parts": "basic",
                "map_buckets_min_avg_size": 4,
                "merge_selector_base": 10,
            },
        ),
    )
)
