"""Counts by minute, kept by the engine itself with each insert; see `storage/rollups`.

What is not a count has the name and meaning it has in `logs`, so that a condition reads either
table; `day` is the partition the lines are in. A row with severity 255 at the start of time is a
mark: that day of that app has to be counted from its lines, as has every day that was there before
this table.
"""

from storage.clickhouse.ddl import Migration, Table, View

MINUTE = (
    "fromUnixTimestamp64Nano(toUnixTimestamp64Nano(timestamp)"
    " - positiveModulo(toUnixTimestamp64Nano(timestamp), 60000000000), 'UTC')"
)
DAY = "toDate(greatest(timestamp, toDateTime64(received_at, 9, 'UTC')))"
COUNTED = (
    f"SELECT app, {DAY} AS day, {MINUTE} AS minute, service, source, severity, count() AS lines,"
    " min(timestamp) AS earliest, max(timestamp) AS latest"
)
GROUPED = "GROUP BY app, day, minute, service, source, severity"

MIGRATION = Migration(
    tables=(
        Table(
            name="log_counts",
            engine="AggregatingMergeTree",
            columns=(
                "app LowCardinality(String) CODEC(ZSTD(1))",
                "day Date CODEC(ZSTD(1))",
                "minute DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
                "service LowCardinality(String) CODEC(ZSTD(1))",
                "source LowCardinality(String) CODEC(ZSTD(1))",
                "severity UInt8 CODEC(ZSTD(1))",
                "lines SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))",
                "earliest SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD(1))",
                "latest SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD(1))",
            ),
            order_by="(app, minute, service, source, severity)",
            partition_by="day",
            shard_by="cityHash64(app)",
            settings={
                "index_granularity": 2_048,
                "non_replicated_deduplication_window": 20_000,
                "fsync_after_insert": True,
                "fsync_part_directory": True,
            },
        ),
    ),
    views=(
        View(
            name="log_counts_view",
            source="logs",
            target="log_counts",
            select=COUNTED,
            group=GROUPED,
        ),
    ),
    fills=(
        "INSERT INTO log_counts (app, day, minute, severity) "
        f"SELECT DISTINCT app, {DAY} AS day, toDateTime64(0, 9, 'UTC'), 255 FROM logs "
        "SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0",
    ),
)
