"""Counts by hour beside those by minute: a month is 60 times fewer rows.

A projection, so that the engine keeps it equal to the counts whatever happens to them. It is made
when parts are merged: an insert costs what it cost before, and parts that have none yet are read by
the minute. See docs/decisions/0020-speed-of-reading.md.
"""

from storage.clickhouse.ddl import Migration

HOUR = (
    "fromUnixTimestamp64Nano(toUnixTimestamp64Nano(minute)"
    " - positiveModulo(toUnixTimestamp64Nano(minute), 3600000000000), 'UTC')"
)

MIGRATION = Migration(
    stored_alters=(
        (
            "log_counts",
            "MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild',"
            " materialize_projections_on_insert = 0, materialize_projections_on_merge = 1",
        ),
        (
            "log_counts",
            f"ADD PROJECTION IF NOT EXISTS hours (SELECT app, day, {HOUR} AS hour, service, source,"
            " severity, sum(lines), min(earliest), max(latest)"
            " GROUP BY app, day, hour, service, source, severity)",
        ),
        ("log_counts", "MATERIALIZE PROJECTION hours"),
    )
)
