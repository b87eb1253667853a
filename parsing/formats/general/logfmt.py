"""logfmt: a line that is nothing but `key=value` pairs; fields are found as in JSON."""

import polars as pl

from parsing.contracts import EXTRAS_SCHEMA, Field, Format, Found, Matched, Sample
from parsing.dialects import PLAIN
from parsing.fields import pick_fields
from parsing.frames import all_rows
from parsing.pairs import GRAMMARS, read_pairs

_GRAMMAR = GRAMMARS["logfmt"]
_KEPT = frozenset(PLAIN.all_names())
_TWO_PAIRS = r"=.*\s[^\s=]+="


def parse(lines: pl.Series) -> Found:
    """Take lines of two or more pairs apart.

    Args:
        lines: n lines (String, no nulls).
    """
    fits = lines.str.contains(_GRAMMAR.line) & lines.str.contains(_TWO_PAIRS)
    if not fits.any():
        return Found(matched=())
    rows = all_rows(len(lines)) if fits.all() else fits.arg_true().cast(pl.UInt32)
    own = lines if len(rows) == len(lines) else lines.gather(rows)
    pairs = read_pairs(own, _GRAMMAR, kept=_KEPT)
    values, attributes = pick_fields(pairs.columns, PLAIN)
    # The whole line says more than an empty message.
    if not any(name in pairs.columns.columns for name in PLAIN.names["message"]):
        values.pop("message")
    extras = None if pairs.extras is None else pairs.extras.select(*EXTRAS_SCHEMA)
    return Found(matched=[Matched(rows=rows, values=values, attributes=attributes, extras=extras)])


FORMAT = Format(
    title="logfmt",
    parse=parse,
    specificity=25,
    patterns=(r"^\s*[A-Za-z_@][^\s=\x22]*=",),
    source="https://brandur.org/logfmt",
    fields=tuple(
        Field(name=name, type="datetime" if name == "timestamp" else "text") for name in PLAIN.names
    ),
    samples=(
        Sample(
            line='time=2026-02-11T06:43:36Z level=warn msg="a \\"slow\\" one" service=pay took=7',
            expect={
                "timestamp": "2026-02-11T06:43:36Z",
                "severity": 13,
                "message": 'a "slow" one',
                "service": "pay",
                "took": "7",
            },
        ),
        Sample(
            line="ts=1770792216.125 lvl=eror caller=main.go:7 err= user.id=42",
            expect={"timestamp": "2026-02-11T06:43:36.125Z", "severity": 17, "user.id": "42"},
        ),
        Sample(
            line="ts=1770792216.125 method=GET path=/pay status=404 duration_ms=12",
            expect={"severity": 13, "path": "/pay", "status": "404"},
        ),
        Sample(line="time=2026-02-11T06:43:36Z and some words", expect=None),
        Sample(line="a=1", expect=None),
    ),
)
