"""Plain text: every line is a message; takes what no other format understood."""

import polars as pl

from parsing.contracts import Field, Format, Found, Matched, Sample
from parsing.frames import all_rows
from parsing.severities import severities_in_text

_OPENS_WITH_DATE = r"^[\[(]?[0-9]{4}-"
_LEADING_TIME = (
    r"^[\[(]?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)"
    r"(?:[^\w.,:]|$)"
)


def parse(lines: pl.Series) -> Found:
    """Take every line: severity from its words, time from an ISO-8601 stamp at its start.

    Args:
        lines: n lines (String, no nulls).
    """
    values = {"severity": severities_in_text(lines)}
    if lines.str.contains(_OPENS_WITH_DATE).any():
        values["timestamp"] = lines.str.extract(_LEADING_TIME)
    return Found(matched=[Matched(rows=all_rows(len(lines)), values=values, attributes=())])


FORMAT = Format(
    title="Plain text",
    parse=parse,
    specificity=0,
    fields=(Field(name="timestamp", type="datetime"), Field(name="severity", type="int")),
    samples=(
        Sample(
            line="2026-02-11 06:43:36,250 job 7 of worker failed",
            expect={"timestamp": "2026-02-11T06:43:36.25Z", "severity": 17},
        ),
        Sample(line="kernel panic - not syncing", expect={"severity": 23}),
    ),
)
