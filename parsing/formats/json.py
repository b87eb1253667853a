"""One JSON object a line.

A field is found under the first of its names that is present and not null; names that are not used
stay attributes. A level that is not known stays an attribute as well, and the record is INFO.
"""

import polars as pl

from parsing.contracts import Field, Format, Matched, Sample
from parsing.objects import read_objects
from parsing.records import ENCODING_ERROR, PARSE_ERROR, TIME_ERROR
from parsing.severities import read_severities

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
_KEPT = (*(name for names in NAMES.values() for name in names), *_NOTES)


def parse(lines: pl.Series) -> Matched:
    """Read lines as JSON objects.

    Args:
        lines: n lines (String, no nulls).
    Returns:
        The lines that are objects; for the others a reason: `invalid_json`, `not_an_object` or
        `too_deep`.
    """
    found = read_objects(lines, kept=_KEPT)
    mask = found.reasons.is_null()
    frame, extras = found.frame, found.extras
    if not mask.all():
        frame = frame.filter(mask)
        extras = _renumbered(extras, mask)
    values, attributes = _pick_fields(frame)
    return Matched(
        mask=mask, values=values, attributes=attributes, extras=extras, reasons=found.reasons
    )


def _renumbered(extras: pl.DataFrame | None, mask: pl.Series) -> pl.DataFrame | None:
    if extras is None:
        return None
    place = (mask.cast(pl.UInt32).cum_sum() - 1).gather(extras["row"])
    return extras.with_columns(place.cast(pl.UInt32).alias("row"))


def _pick_fields(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split the fields into the record's own and attributes."""
    values = frame.drop(frame.columns).with_columns(message=pl.lit(""))
    attributes = frame
    for column, names in NAMES.items():
        present = [name for name in names if name in frame.columns]
        if present:
            taken, attributes = _take_first(attributes, present)
            values = values.with_columns(taken.alias(column))
    if "severity" in values.columns:
        words = values["severity"]
        values = values.with_columns(read_severities(words).alias("severity"))
        attributes = _keep_unknown_levels(attributes, frame, words, values["severity"])
    return values, attributes


def _take_first(frame: pl.DataFrame, names: list[str]) -> tuple[pl.Series, pl.DataFrame]:
    """The first value of each row, and the frame without the values taken."""
    taken, rest = frame[names[0]], frame.drop(names[0])
    for name in names[1:]:
        if taken.null_count() == 0:
            break
        other = frame[name]
        left = pl.select(pl.when(taken.is_not_null()).then(other)).to_series().alias(name)
        rest = rest.with_columns(left)
        taken = pl.select(pl.coalesce(taken, other)).to_series()
    return taken, rest


def _keep_unknown_levels(
    attributes: pl.DataFrame, frame: pl.DataFrame, words: pl.Series, severities: pl.Series
) -> pl.DataFrame:
    unknown = severities.is_null() & words.is_not_null() & (words != "")
    if not unknown.any():
        return attributes
    for name in NAMES["severity"]:
        if name in frame.columns:
            value = pl.lit(frame[name])
            was_taken = pl.lit(unknown) & (value == pl.lit(words))
            kept = pl.select(pl.when(was_taken).then(value)).to_series()
            if name in attributes.columns:
                kept = pl.select(pl.coalesce(kept, attributes[name])).to_series()
            attributes = attributes.with_columns(kept.alias(name))
    return attributes


FORMAT = Format(
    title="JSON, one object a line",
    parse=parse,
    specificity=1000,
    opens_with=r"^\s*\{",
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
