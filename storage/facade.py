"""What other rooms may use of storage. Importing it is cheap: polars is loaded by who needs it."""

from storage.clickhouse.error_codes import QueryTooExpensive, StoreError, StoreUnavailable
from storage.clickhouse.maintenance import check_alive, truncate_all
from storage.clickhouse.migrate import migrate
from storage.query import QueryError, QueryTooComplex, parse_query
from storage.usage import RejectReason, lines_today, reject_reasons
from storage.writer import write_logs, write_quarantine, write_receipts

__all__ = [
    "QueryError",
    "QueryTooComplex",
    "QueryTooExpensive",
    "StoreError",
    "StoreUnavailable",
    "RejectReason",
    "check_alive",
    "lines_today",
    "migrate",
    "parse_query",
    "reject_reasons",
    "truncate_all",
    "write_logs",
    "write_quarantine",
    "write_receipts",
]
