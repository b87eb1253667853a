"""Short ways to parse a few lines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from parsing import Hint, Parsed, parse_lines

ARRIVAL = datetime(2026, 11, 22, 10, tzinfo=UTC)
FILLER = ['{"message": "filler", "n": 1}'] * 100


def parse_all(lines: Sequence[bytes | str], **hint: Any) -> Parsed:
    """Parse lines that arrived at `ARRIVAL`."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    arrived = pl.Series([ARRIVAL] * len(raw), dtype=pl.Datetime("ms", "UTC"))
    return parse_lines(pl.Series(raw, dtype=pl.Binary), received_at=arrived, hint=Hint(**hint))


def records(lines: Sequence[bytes | str], **hint: Any) -> list[dict[str, Any]]:
    """Accepted records as dicts, attributes as one dict."""
    rows = parse_all(lines, **hint).frame.to_dicts()
    for row in rows:
        keys = [pair["key"] for pair in row["attributes"]]
        assert len(keys) == len(set(keys)), f"keys are not unique: {keys}"
        row["attributes"] = {pair["key"]: pair["value"] for pair in row["attributes"]}
    return rows
