"""Records as the API shows them, from rows of the engine and from record frames."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from logplatform.kernel.levels import level_of_severity
from storage.contracts import Record
from storage.ids import NS_PER_MS
from storage.query import parse_query
from storage.query.instants import NS, epoch_ns, moment_of

if TYPE_CHECKING:
    import polars as pl

EVENT_NS = "toUnixTimestamp64Nano(timestamp)"
_AS_STORED = ("app", "source", "service", "host", "logger", "severity", "message") + (
    "trace_id", "span_id", "attributes", "pattern_id", "anomaly_score"
)  # fmt: skip
COLUMNS = f"""toString(id) AS uuid, {EVENT_NS} AS timestamp_ns,
    toUnixTimestamp64Milli(received_at) AS received_ms, {", ".join(_AS_STORED)}"""


def iso_time(ns: int) -> str:
    """ISO-8601 UTC with the digits the time has, in groups of three: `…:07Z`, `…:07.250Z`."""
    digits = f"{ns % NS:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    whole = moment_of(ns).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def iso_moment(moment: datetime) -> str:
    """`iso_time` of an aware datetime, in whole milliseconds."""
    return iso_time(epoch_ns(moment) // NS_PER_MS * NS_PER_MS)


def took_ms(started: float) -> int:
    """Milliseconds since `started`, a value of `time.monotonic()`."""
    return round((time.monotonic() - started) * 1000)


def record_of(row: dict[str, Any]) -> Record:
    """The record of a row selected with `COLUMNS`."""
    return {
        "id": row["uuid"],
        "timestamp": iso_time(row["timestamp_ns"]),
        "received_at": iso_time(row["received_ms"] * NS_PER_MS),
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
        frame: record frame with `app`, `source`, `received_at`, `entry_key`, `sequence`.
    """
    import polars as pl

    from storage.ids import with_ids

    rows = with_ids(frame).select(
        *_AS_STORED,
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
        frame: record frame with `app`, `source`, `received_at`, `entry_key`, `sequence`.
        q: a query; empty keeps all.
    Raises:
        QueryError, QueryTooComplex: it cannot be read.
    """
    from storage.ids import with_ids
    from storage.query.predicate import to_predicate

    return with_ids(frame).filter(to_predicate(parse_query(q)))
