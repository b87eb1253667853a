"""What other rooms may use of storage. Importing it is cheap: polars is loaded by who needs it."""

from storage.clickhouse.error_codes import QueryTooExpensive, StoreError, StoreUnavailable
from storage.clickhouse.maintenance import check_alive, truncate_all
from storage.clickhouse.migrate import migrate
from storage.query import QueryError, QueryTooComplex, parse_query
from storage.writer import write_logs, write_quarantine, write_receipts

__all__ = [
    "QueryError",
    "QueryTooComplex",
    "QueryTooExpensive",
    "StoreError",
    "StoreUnavailable",
    "check_alive",
    "migrate",
    "parse_query",
    "truncate_all",
    "write_logs",
    "write_quarantine",
    "write_receipts",
]
