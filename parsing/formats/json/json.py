"""One JSON object a line, in any dialect (see `parsing.dialects`).

A field is found under the first of its names that is present and not null; names that are not used
stay attributes. A level that is not known stays an attribute as well, and the record is INFO; where
none is given, an HTTP status tells it.
"""

from collections.abc import Iterator
from functools import cache

import polars as pl

from parsing.contracts import Field, Format, Found, Matched, Sample
from parsing.dialects import PLAIN, Dialect, dialects
from parsing.fields import pick_fields
from parsing.objects import Part, read_objects
from parsing.records import ENCODING_ERROR, PARSE_ERROR, TIME_ERROR

_NOTES = frozenset({TIME_ERROR, ENCODING_ERROR, PARSE_ERROR})


def parse(lines: pl.Series) -> Found:
    """Read lines as JSON objects.

    Args:
        lines: n lines (String, no nulls).
    Returns:
        The lines that are objects; for the others a reason: `invalid_json`, `not_an_object` or
        `too_deep`.
    """
    found = read_objects(lines, kept=_kept())
    matched = [each for part in found.parts for each in _matched(part, None)]
    if found.exact is not None:
        matched += _matched(found.exact, found.extras)
    return Found(matched=matched, reasons=found.reasons)


@cache
def _kept() -> frozenset[str]:
    """Keys that mean something in some dialect."""
    return _NOTES.union(*(dialect.all_names() for dialect in (PLAIN, *dialects())))


def _matched(part: Part, extras: pl.DataFrame | None) -> Iterator[Matched]:
    """The lines of a part, by dialect."""
    columns = set(part.frame.columns)
    for dialect in dialects():
        if dialect.may_be_in(columns) and (mask := dialect.mask_in(part.frame)).any():
            own, own_extras = _some(part, extras, mask)
            yield _in_dialect(own, own_extras, dialect)
            if mask.all():
                return
            part, extras = _some(part, extras, ~mask)
    yield _in_dialect(part, extras, PLAIN)


def _some(
    part: Part, extras: pl.DataFrame | None, mask: pl.Series
) -> tuple[Part, pl.DataFrame | None]:
    """Some rows of a part, and the extras that belong to them."""
    if mask.all():
        return part, extras
    own = Part(part.rows.filter(mask), part.frame.filter(mask))
    if extras is None:
        return own, None
    places = mask.cum_sum().cast(pl.UInt32) - 1
    rows = extras["row"]
    kept = extras.with_columns(places.gather(rows).alias("row")).filter(mask.gather(rows))
    return own, kept if len(kept) else None


def _in_dialect(part: Part, extras: pl.DataFrame | None, dialect: Dialect) -> Matched:
    values, attributes = pick_fields(part.frame, dialect)
    return Matched(
        rows=part.rows, values=values, attributes=attributes, extras=extras, format=dialect.name
    )


FORMAT = Format(
    title="JSON, one object a line",
    parse=parse,
    specificity=1000,
    patterns=(r"^\s*\{",),
    source="https://www.rfc-editor.org/rfc/rfc8259",
    fields=tuple(
        Field(name=name, type="datetime" if name == "timestamp" else "text") for name in PLAIN.names
    ),
    samples=(
        Sample(
            line='{"timestamp": "2026-02-11T06:43:36.5Z", "level": "warn", "message": "slow",'
            ' "service": "pay", "http": {"status": 200}, "took": 1.50}',
            expect={
                "timestamp": "2026-02-11T06:43:36.5Z",
                "severity": 13,
                "message": "slow",
                "service": "pay",
                "http.status": "200",
                "took": "1.50",
            },
        ),
        Sample(
            line='{"method": "GET", "path": "/pay", "http": {"status_code": 503}}',
            expect={"severity": 17, "path": "/pay", "http.status_code": "503"},
        ),
        Sample(line='{"status": "open", "message": "a"}', expect={"severity": 9, "status": "open"}),
        Sample(line='{"level": "warn", "message": ', expect=None),
        Sample(line="[1, 2]", expect=None),
    ),
)
