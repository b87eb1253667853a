"""Reads tables as a body's header says."""

import polars as pl

from parsing import Hint, Parsed, parse_lines
from parsing.tables import table_of

W3C = "#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken cs(User-Agent)"
ROW = "2026-02-11 06:43:36 10.0.0.7 GET /a 500 12 Mozilla/5.0+(X11)"


def parse(name: str, header: str | None, *lines: str) -> Parsed:
    own = () if header is None else (table_of(name, header, "\n".join(lines).encode()),)
    arrived = pl.Series(["2026-02-11T10:00:00Z"]).str.to_datetime(time_unit="ms", time_zone="UTC")
    parsed = parse_lines(
        pl.Series(lines, dtype=pl.String),
        received_at=arrived.new_from_index(0, len(lines)),
        hint=Hint(formats=(name,), own=own),
    )
    assert len(parsed.frame) + len(parsed.rejected) == len(lines)
    return parsed


def fields(parsed: Parsed, row: int) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in parsed.frame["attributes"][row]}
