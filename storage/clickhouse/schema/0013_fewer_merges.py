"""More parts a merge, so that a line is merged less often on its way into a large part.

Measured in docs/decisions/0021-bytes-and-cpu.md.
"""

from storage.clickhouse.ddl import Migration

MIGRATION = Migration(stored_alters=(("logs", "MODIFY SETTING merge_selector_base = 16"),))
