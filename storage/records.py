"""Records as the API shows them, from rows of the engine and from record frames."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from logplatform.kernel.levels import level_of_severity
from storage.contracts import Record
from storage.query import parse_query

if TYPE_CHECKING:
    import polars as pl

NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = """toString(id) AS uuid, toUnixTimestamp64Nano(timestamp) AS timestamp_ns,
    toUnixTimestamp64Milli(received_at) AS received_ms, app, source, service, host, logger,
    severity, message, trace_id, span_id, attributes, pattern_id, anomaly_score"""
_FRAME_COLUMNS = ("app", "source", "service", "host", "logger", "severity", "message") + (
    "trace_id", "span_id", "attributes", "pattern_id", "anomaly_score"
)  # fmt: skip


def iso_time(ns: int) -> str:
    """ISO-8601 UTC with the digits the time has, in groups of three: `…:07Z`, `…:07.250Z`."""
    seconds, fraction = divmod(ns, NS)
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    whole = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def record_of(row: dict[str, Any]) -> Record:
    """The record of a row selected with `COLUMNS`."""
    return {
        "id": row["uuid"],
        "timestamp": iso_time(row["timestamp_ns"]),
        "received_at": iso_time(row["received_ms"] * 1_000_000),
        "app": row["app"],
        "source": row["source"],
        "service": row["service"],
        "host": row["host"],
        "logger": row["logger"],
        "severity": row["severity"],
        "level": level_of_severity(row["severity"]),
        "message": row["message"],
        "trace_id": row["trace_id"],
        "span_id": row["span_id"],
        "attributes": row["attributes"],
        "pattern_id": row["pattern_id"],
        "anomaly_score": row["anomaly_score"],
    }


def records_of(frame: "pl.DataFrame") -> list[Record]:
    """Records of a frame, with the ids they are stored under.

    Args:
        frame: record frame with `app`, `source`, `received_at`, `entry_key`.
    """
    import polars as pl

    from storage.ids import with_ids

    rows = with_ids(frame).select(
        *_FRAME_COLUMNS,
        pl.col("timestamp").dt.epoch("ns").alias("timestamp_ns"),
        pl.col("received_at").dt.epoch("ms").alias("received_ms"),
        "id_high",
        "id_low",
    )
    return [record_of(_as_row(row)) for row in rows.iter_rows(named=True)]


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "uuid": str(UUID(int=row["id_high"] << 64 | row["id_low"])),
        "attributes": {entry["key"]: entry["value"] for entry in row["attributes"]},
    }


def match_frame(frame: "pl.DataFrame", q: str) -> "pl.DataFrame":
    """The records a query finds, in their order. Same meaning as a search.

    Args:
        frame: record frame with `app`, `source`, `received_at`, `entry_key`.
        q: a query; empty keeps all.
    Raises:
        QueryError, QueryTooComplex: it cannot be read.
    """
    from storage.ids import with_ids
    from storage.query.predicate import to_predicate

    return with_ids(frame).filter(to_predicate(parse_query(q)))
