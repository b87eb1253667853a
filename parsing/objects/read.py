"""Reads lines of JSON: as columns where that is exact, the others one by one."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from parsing.contracts import EXTRAS_SCHEMA
from parsing.objects.columns import read_columns
from parsing.objects.exact import RefusedLine, read_exact

# Below this many lines the fixed cost of the column reader is higher than reading one by one.
_FEW_LINES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLines:
    """n lines read.

    Attributes:
        frame: n rows, one String column per joined key; null where absent.
        extras: pairs that have no column, in the form of `EXTRAS_SCHEMA`, `row` 0 to n-1.
        reasons: String, `code: sentence` where the line is refused, else null; None when none is.
    """

    frame: pl.DataFrame
    extras: pl.DataFrame | None
    reasons: pl.Series | None


def read_objects(lines: pl.Series, *, kept: Collection[str]) -> ObjectLines:
    """Read JSON objects by the rules of `parsing.objects.exact`.

    Args:
        lines: n lines (String, no nulls), any text.
        kept: joined keys that always get a column.
    """
    n = len(lines)
    if n <= _FEW_LINES:
        return _read_exactly(lines, pl.int_range(n, dtype=pl.UInt32, eager=True), n, kept)
    frame, bad = read_columns(lines)
    if not bad.any():
        return ObjectLines(frame=frame, extras=None, reasons=None)
    rows = bad.arg_true().cast(pl.UInt32)
    exact = _read_exactly(lines.gather(rows), rows, n, kept)
    return ObjectLines(
        frame=_overlay(frame, exact.frame, rows), extras=exact.extras, reasons=exact.reasons
    )


def _reasons_of(reasons: list[str | None], rows: pl.Series, n: int) -> pl.Series | None:
    if not any(reasons):
        return None
    none = pl.repeat(None, n, dtype=pl.String, eager=True)
    return none.scatter(rows, pl.Series(reasons, dtype=pl.String))


def _read_exactly(lines: pl.Series, rows: pl.Series, n: int, kept: Collection[str]) -> ObjectLines:
    """Read some lines one by one; `frame` has their rows only, the rest speaks of all n."""
    columns: list[dict[str, str]] = []
    pairs: list[tuple[int, str, str]] = []
    reasons: list[str | None] = []
    for row, line in zip(rows, lines, strict=True):
        fields, reason = _read_one(line, kept)
        reasons.append(reason)
        columns.append({key: fields[key] for key in fields if key in kept})
        pairs += [(row, key, value) for key, value in fields.items() if key not in kept]
    return ObjectLines(
        frame=pl.DataFrame(columns, schema=dict.fromkeys(kept, pl.String), strict=True),
        extras=pl.DataFrame(pairs, schema=EXTRAS_SCHEMA, orient="row") if pairs else None,
        reasons=_reasons_of(reasons, rows, n),
    )


def _read_one(line: str, kept: Collection[str]) -> tuple[dict[str, str], str | None]:
    try:
        return read_exact(line, kept=kept), None
    except RefusedLine as refused:
        return {}, str(refused)


def _overlay(frame: pl.DataFrame, exact: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Replace some rows of the frame, in all columns, by those read exactly."""
    n = len(frame)
    places = pl.int_range(n, n + len(rows), dtype=pl.UInt32, eager=True)
    order = pl.int_range(n, dtype=pl.UInt32, eager=True).scatter(rows, places)
    return pl.concat([frame, exact], how="diagonal")[order]
