"""Puts lines into quarantine."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import polars as pl

from storage import facade

AT = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
REJECTED: dict[str, Any] = {
    "received_at": AT,
    "app": "shop",
    "source": "web",
    "protocol": "native",
    "reason_code": "not_json",
    "reason": "not_json: this is not an object",
    "raw": b"{cut",
    "format": "",
    "header": "",
}
_numbers = count(1)


def reject(*rows: dict[str, Any]) -> None:
    """Put lines into quarantine, all of a new request unless they say otherwise."""
    number = next(_numbers)
    own = REJECTED | {"receipt": f"0-{number}"}
    full = [own | {"line": line} | row for line, row in enumerate(rows)]
    schema = {"received_at": pl.Datetime("ms", "UTC"), "line": pl.UInt32, "raw": pl.Binary}
    frame = pl.DataFrame(full, schema_overrides=schema)
    facade.write_quarantine(frame, token=f"rejects-{number}")
