"""Attributes in more buckets: one of them is read in half the time, and merges cost the same.

Measured in docs/decisions/0006-log-table.md. Older parts keep theirs until they are merged.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(stored_alters=(("logs", "MODIFY SETTING map_buckets_coefficient = 2"),))
