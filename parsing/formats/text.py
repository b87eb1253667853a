"""Plain text: every line is a message; takes what no other format understood."""

import polars as pl

from parsing.contracts import Field, Format, Matched, Sample
from parsing.severities import severities_in_text

_LEADING_TIME = (
    r"^[\[(]?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)"
    r"(?:[^\w.,:]|$)"
)


def parse(lines: pl.Series) -> Matched:
    """Take every line: severity from its words, time from an ISO-8601 stamp at its start.

    Args:
        lines: n lines (String, no nulls).
    """
    values = pl.DataFrame({"severity": severities_in_text(lines), "message": lines})
    dated = lines.str.contains(r"^[\[(]?[0-9]{4}-")
    if dated.any():
        values = values.with_columns(lines.str.extract(_LEADING_TIME).alias("timestamp"))
    return Matched(
        mask=pl.repeat(True, len(lines), eager=True),
        values=values,
        attributes=values.drop(values.columns),
    )


FORMAT = Format(
    title="Plain text",
    parse=parse,
    specificity=0,
    fields=(Field(name="timestamp", type="datetime"), Field(name="severity", type="int")),
    samples=(
        Sample(
            line="2026-02-11 06:43:36,250 ERROR worker: job 7 failed",
            expect={"timestamp": "2026-02-11T06:43:36.25Z", "severity": 17},
        ),
        Sample(line="kernel panic - not syncing", expect={"severity": 23}),
    ),
)
