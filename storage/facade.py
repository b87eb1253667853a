"""What other rooms may use of storage. Importing it is cheap: polars is loaded by who needs it."""

from storage.clickhouse.error_codes import QueryTooExpensive, StoreError, StoreUnavailable
from storage.clickhouse.maintenance import check_alive, delete_app_logs, truncate_all
from storage.clickhouse.migrate import migrate
from storage.contracts import (
    Bucket,
    Histogram,
    InvalidCursor,
    InvalidFilter,
    InvalidInterval,
    InvalidLimit,
    LogQuery,
    LogStats,
    Record,
    SearchPage,
    TimeRangeReversed,
)
from storage.counts import count_logs, histogram_logs, stats_logs
from storage.ledger import (
    RejectReason,
    count_quarantine,
    find_receipt,
    lines_today,
    list_quarantine,
    reject_reasons,
)
from storage.query import QueryError, QueryTooComplex, parse_query
from storage.query.instants import read_moment
from storage.records import match_frame, records_of
from storage.retention import ExpiringApp, preview_retention
from storage.search import get_log, search_logs
from storage.writer import write_logs, write_quarantine, write_receipts

__all__ = [
    "Bucket",
    "ExpiringApp",
    "Histogram",
    "InvalidCursor",
    "InvalidFilter",
    "InvalidInterval",
    "InvalidLimit",
    "LogQuery",
    "LogStats",
    "QueryError",
    "QueryTooComplex",
    "QueryTooExpensive",
    "Record",
    "RejectReason",
    "SearchPage",
    "StoreError",
    "StoreUnavailable",
    "TimeRangeReversed",
    "check_alive",
    "count_logs",
    "count_quarantine",
    "delete_app_logs",
    "find_receipt",
    "get_log",
    "histogram_logs",
    "lines_today",
    "list_quarantine",
    "match_frame",
    "migrate",
    "parse_query",
    "preview_retention",
    "read_moment",
    "records_of",
    "reject_reasons",
    "search_logs",
    "stats_logs",
    "truncate_all",
    "write_logs",
    "write_quarantine",
    "write_receipts",
]
