"""One JSON object a line.

A field is found under the first of its names that is present and not null; names that are not used
stay attributes. A level that is not known stays an attribute as well, and the record is INFO.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from parsing.contracts import Field, Format, Found, Matched, Sample
from parsing.frames import constant
from parsing.objects import Part, read_objects
from parsing.records import ENCODING_ERROR, PARSE_ERROR, TIME_ERROR
from parsing.severities import severity_of_words

NAMES: dict[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "@timestamp", "time", "ts", "t"),
    "severity": ("level", "severity", "lvl", "log.level", "severity_number", "severityNumber"),
    "message": ("message", "msg", "log", "body", "short_message"),
    "service": ("service", "service.name", "service_name"),
    "host": ("host", "hostname", "host.name"),
    "logger": ("logger", "logger_name", "log.logger"),
    "trace_id": ("trace_id", "traceId", "trace.id"),
    "span_id": ("span_id", "spanId", "span.id"),
}
_NOTES = (TIME_ERROR, ENCODING_ERROR, PARSE_ERROR)
_KEPT = frozenset({*(name for names in NAMES.values() for name in names), *_NOTES})


def parse(lines: pl.Series) -> Found:
    """Read lines as JSON objects.

    Args:
        lines: n lines (String, no nulls).
    Returns:
        The lines that are objects; for the others a reason: `invalid_json`, `not_an_object` or
        `too_deep`.
    """
    found = read_objects(lines, kept=_KEPT)
    matched = [_matched(part) for part in found.parts]
    if found.exact is not None:
        matched.append(replace(_matched(found.exact), extras=found.extras))
    return Found(matched=matched, reasons=found.reasons)


def _matched(part: Part) -> Matched:
    values, attributes = _pick_fields(part.frame)
    return Matched(rows=part.rows, values=values, attributes=attributes)


def _pick_fields(frame: pl.DataFrame) -> tuple[dict[str, pl.Series], list[pl.Series]]:
    """Split the fields into the record's own and attributes."""
    names = {
        column: present
        for column, aliases in NAMES.items()
        if (present := [name for name in aliases if _is_filled(frame, name)])
    }
    picked = {column: pl.coalesce(present) for column, present in names.items()}
    words = picked.get("severity", pl.lit(None, pl.String))
    severity = severity_of_words(words)
    unknown = severity.is_null() & (words != "")
    if "severity" in picked:
        picked |= {"severity": severity, "unknown": unknown.any()}
    values = frame.select(**picked).to_dict() if picked else {}
    keeps_levels = "unknown" in values and values.pop("unknown")[0]
    levels = names.get("severity", []) if keeps_levels else []
    unused = _unused(names, levels, unknown)
    taken = {name for present in names.values() for name in present}
    plain = [column for column in frame.get_columns() if column.name not in taken]
    left = frame.select(**unused).get_columns() if unused else []
    message = {"message": constant("", len(frame), pl.String)}
    return message | values, [*plain, *left]


def _is_filled(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame[name].null_count() < len(frame)


def _unused(
    names: dict[str, list[str]], levels: Sequence[str], unknown: pl.Expr
) -> dict[str, pl.Expr]:
    """What stays an attribute of the fields with several names, or with a level not known."""
    unused: dict[str, pl.Expr] = {}
    for present in names.values():
        for number, name in enumerate(present):
            earlier = [pl.col(other).is_not_null() for other in present[:number]]
            is_unused = pl.any_horizontal(pl.lit(value=False), *earlier)
            if name in levels:
                is_unused = is_unused | unknown
            if earlier or name in levels:
                unused[name] = pl.when(is_unused).then(pl.col(name))
    return unused


FORMAT = Format(
    title="JSON, one object a line",
    parse=parse,
    specificity=1000,
    patterns=(r"^\s*\{",),
    source="https://www.rfc-editor.org/rfc/rfc8259",
    fields=tuple(
        Field(name=name, type="datetime" if name == "timestamp" else "text") for name in NAMES
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
        Sample(line='{"level": "warn", "message": ', expect=None),
        Sample(line="[1, 2]", expect=None),
    ),
)
