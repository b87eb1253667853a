"""Quarantined lines go by `ingestion.quarantine.bounds`, which warns and counts, not by the engine.

What is left to the engine is what nobody has looked after for ten years.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(
    stored_alters=(
        (
            "quarantine",
            "MODIFY TTL toDateTime(received_at) + INTERVAL 10 YEAR"
            " SETTINGS materialize_ttl_after_modify = 0",
        ),
    )
)
