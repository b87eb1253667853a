"""Reads lines of JSON: as columns where that is exact, the others one by one."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import polars as pl

from parsing.contracts import EXTRAS_SCHEMA
from parsing.frames import all_rows, constant, no_columns, put
from parsing.objects.columns import read_parts
from parsing.objects.exact import RefusedLine, read_exact
from parsing.objects.part import Part

# Below this many lines the fixed cost of the column reader is higher than reading one by one.
_FEW_LINES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLines:
    """n lines read; each that is an object is in one part.

    Attributes:
        parts: lines that share their columns, one String column per joined key; null where absent.
        exact: the lines read one by one, with columns for `kept` keys only; None when none was.
        extras: their other keys, in the form of `EXTRAS_SCHEMA`, `row` 0 is the first of `exact`.
        reasons: String, `code: sentence` where a line is refused, else null; None when none is.
    """

    parts: list[Part]
    exact: Part | None
    extras: pl.DataFrame | None
    reasons: pl.Series | None


def read_objects(lines: pl.Series, *, kept: AbstractSet[str]) -> ObjectLines:
    """Read JSON objects by the rules of `parsing.objects.exact`.

    Args:
        lines: n lines (String, no nulls), any text.
        kept: joined keys that always get a column.
    """
    n = len(lines)
    if n <= _FEW_LINES:
        return _read_exactly(lines, all_rows(n), [], kept)
    parts, left = read_parts(lines)
    if not len(left):
        return ObjectLines(parts=parts, exact=None, extras=None, reasons=None)
    return _read_exactly(lines, left, parts, kept)


def _read_exactly(
    lines: pl.Series, rows: pl.Series, parts: list[Part], kept: AbstractSet[str]
) -> ObjectLines:
    """Read some lines one by one, beside the parts that are read already."""
    good: list[int] = []
    columns: list[dict[str, str]] = []
    extras: dict[str, list[object]] = {name: [] for name in EXTRAS_SCHEMA}
    reasons: list[str | None] = []
    for row, line in zip(rows, lines.gather(rows), strict=True):
        fields, reason = _read_one(line, kept)
        reasons.append(reason)
        if reason is None:
            columns.append({key: fields.pop(key) for key in kept & fields.keys()})
            extras["row"] += [len(good)] * len(fields)
            extras["key"] += fields.keys()
            extras["value"] += fields.values()
            good.append(row)
    seen = sorted({key for fields in columns for key in fields})
    frame = _frame_of(columns, seen)
    return ObjectLines(
        parts=parts,
        exact=Part(pl.Series(good, dtype=pl.UInt32), frame) if good else None,
        extras=pl.DataFrame(extras, schema=EXTRAS_SCHEMA) if extras["row"] else None,
        reasons=_reasons_of(reasons, rows, len(lines)),
    )


def _frame_of(rows: list[dict[str, str]], names: list[str]) -> pl.DataFrame:
    if not names:
        return no_columns(len(rows))
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), strict=True)


def _reasons_of(reasons: list[str | None], rows: pl.Series, n: int) -> pl.Series | None:
    if not any(reasons):
        return None
    return put(constant(None, n, pl.String), rows, pl.Series(reasons, dtype=pl.String))


def _read_one(line: str, kept: AbstractSet[str]) -> tuple[dict[str, str], str | None]:
    try:
        return read_exact(line, kept=kept), None
    except RefusedLine as refused:
        return {}, str(refused)
