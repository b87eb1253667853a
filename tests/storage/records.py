"""Makes record frames from a few named values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zlib import crc32

import polars as pl

from storage.ids import with_ids

AT = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "timestamp": pl.Datetime("ns", "UTC"),
    "severity": pl.UInt8,
    "message": pl.String,
    "service": pl.String,
    "host": pl.String,
    "logger": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "attributes": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
    "pattern_id": pl.UInt64,
    "anomaly_score": pl.UInt8,
    "format": pl.String,
    "line": pl.UInt32,
    "app": pl.String,
    "source": pl.String,
    "received_at": pl.Datetime("ms", "UTC"),
    "entry_key": pl.UInt64,
    "sequence": pl.UInt32,
}
DEFAULTS: dict[str, Any] = {
    "timestamp": AT,
    "severity": 9,
    "pattern_id": 0,
    "anomaly_score": 0,
    "app": "shop",
    "source": "web",
    "received_at": AT,
}


def make_frame(rows: Sequence[Mapping[str, Any]], *, entry_key: int | None = None) -> pl.DataFrame:
    """A record frame; `attributes` is a dict, what is left out has a usual value."""
    key = crc32(repr(rows).encode()) if entry_key is None else entry_key
    full = [
        dict.fromkeys(SCHEMA, "")
        | DEFAULTS
        | {"line": line, "sequence": line, "entry_key": key}
        | dict(row)
        | {"attributes": [{"key": k, "value": v} for k, v in row.get("attributes", {}).items()]}
        for line, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=SCHEMA, orient="row")


def ids_of(frame: pl.DataFrame) -> list[str]:
    """The ids the records of a frame get."""
    halves = with_ids(frame).select("id_high", "id_low").rows()
    return [str(UUID(int=high << 64 | low)) for high, low in halves]
