"""What other rooms may use of storage. Importing it is cheap: polars is loaded by who needs it."""

from storage.activity import SourceActivity, source_activity
from storage.callers import Caller, caller_scope, set_caller
from storage.clickhouse.error_codes import QueryTooExpensive, StoreError, StoreUnavailable
from storage.clickhouse.maintenance import (
    check_alive,
    delete_app_logs,
    forgetful_tables,
    holds_app,
    truncate_all,
)
from storage.clickhouse.migrate import migrate
from storage.contracts import (
    Bucket,
    Histogram,
    InvalidCursor,
    InvalidField,
    InvalidFilter,
    InvalidInterval,
    InvalidLimit,
    InvalidMetric,
    LogQuery,
    LogStats,
    Pattern,
    PatternPage,
    PatternSort,
    Record,
    SearchPage,
    TimeRangeReversed,
    TooManyFields,
)
from storage.counts import count_logs, histogram_logs, stats_logs
from storage.export.columns import FORMULA
from storage.export.formats import FORMATS as EXPORT_FORMATS
from storage.export.run import export_logs
from storage.ids import LATER, id_key, sequences
from storage.ledger import Difference, compare_ledger, late_minutes
from storage.once import (
    day_pieces,
    has_receipts,
    holds_any,
    without_quarantined,
    without_stored,
    write_logs_once,
    write_receipts_once,
)
from storage.patterns import find_templates, template_of_record
from storage.quarantine.batches import Batch, fetch_batch, next_batch
from storage.quarantine.pages import (
    RejectPage,
    RejectReason,
    count_rejects,
    get_reject,
    list_rejects,
    reject_reasons,
)
from storage.quarantine.removal import (
    QuarantineSize,
    delete_batch,
    delete_rejects,
    free_quarantine_space,
    newest_beyond,
    quarantine_sizes,
)
from storage.quarantine.selection import Place, RejectQuery
from storage.query import QueryError, QueryTooComplex, parse_query
from storage.query.fields import named_field
from storage.query.instants import read_moment
from storage.query.text import split_names
from storage.questions.aggregate import Aggregate, Interval, aggregate_logs, check_aggregate
from storage.questions.changes import (
    Changes,
    SpanCounts,
    TemplateCounts,
    ValueCounts,
    count_changes,
)
from storage.questions.context import Context, get_context
from storage.questions.explain import Explanation, Reason, explain_logs
from storage.questions.facets import Facets, facet_logs
from storage.questions.fields import FieldList, list_fields
from storage.questions.requests import Figure, Part, group_requests
from storage.questions.suggest import Suggestions, suggest
from storage.questions.volume import VolumeSeries, count_volume
from storage.receipts import (
    ReceiptPage,
    ReceiptQuery,
    ReceiptState,
    find_receipt,
    list_receipts,
    sum_receipts,
)
from storage.records import iso_moment, match_frame, records_of
from storage.retention import (
    ORPHAN_DAYS,
    ExpiringApp,
    complete_since,
    preview_retention,
    stray_apps,
)
from storage.search import get_log, search_logs
from storage.today import lines_today
from storage.writer import write_logs, write_quarantine, write_receipts

__all__ = [
    "EXPORT_FORMATS",
    "Aggregate",
    "Batch",
    "Bucket",
    "Changes",
    "Caller",
    "Context",
    "Difference",
    "ExpiringApp",
    "Explanation",
    "Facets",
    "FORMULA",
    "ORPHAN_DAYS",
    "FieldList",
    "Figure",
    "Histogram",
    "Interval",
    "InvalidCursor",
    "InvalidField",
    "InvalidFilter",
    "InvalidInterval",
    "InvalidLimit",
    "InvalidMetric",
    "LogQuery",
    "LogStats",
    "Part",
    "Pattern",
    "PatternPage",
    "PatternSort",
    "Place",
    "QuarantineSize",
    "QueryError",
    "QueryTooComplex",
    "QueryTooExpensive",
    "ReceiptPage",
    "ReceiptQuery",
    "ReceiptState",
    "Reason",
    "Record",
    "RejectPage",
    "RejectQuery",
    "RejectReason",
    "SearchPage",
    "SourceActivity",
    "SpanCounts",
    "StoreError",
    "StoreUnavailable",
    "Suggestions",
    "TemplateCounts",
    "TimeRangeReversed",
    "ValueCounts",
    "VolumeSeries",
    "caller_scope",
    "TooManyFields",
    "aggregate_logs",
    "check_aggregate",
    "check_alive",
    "compare_ledger",
    "complete_since",
    "count_changes",
    "count_logs",
    "count_rejects",
    "count_volume",
    "day_pieces",
    "delete_app_logs",
    "delete_batch",
    "delete_rejects",
    "explain_logs",
    "export_logs",
    "facet_logs",
    "fetch_batch",
    "find_receipt",
    "find_templates",
    "holds_any",
    "holds_app",
    "free_quarantine_space",
    "get_context",
    "get_log",
    "forgetful_tables",
    "get_reject",
    "has_receipts",
    "group_requests",
    "histogram_logs",
    "LATER",
    "id_key",
    "iso_moment",
    "late_minutes",
    "lines_today",
    "list_fields",
    "list_rejects",
    "list_receipts",
    "match_frame",
    "migrate",
    "named_field",
    "newest_beyond",
    "next_batch",
    "parse_query",
    "preview_retention",
    "quarantine_sizes",
    "read_moment",
    "records_of",
    "reject_reasons",
    "search_logs",
    "source_activity",
    "sequences",
    "set_caller",
    "split_names",
    "stats_logs",
    "stray_apps",
    "suggest",
    "sum_receipts",
    "template_of_record",
    "truncate_all",
    "without_quarantined",
    "without_stored",
    "write_logs",
    "write_logs_once",
    "write_quarantine",
    "write_receipts",
    "write_receipts_once",
]
