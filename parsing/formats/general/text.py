"""Plain text: every line is a message; takes what no other format understood."""

import polars as pl

from parsing.contracts import Field, Format, Found, Matched, Sample
from parsing.frames import all_rows
from parsing.layouts import ZONES
from parsing.severities import severities_in_text

_NAMES = "Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_OPENS_WITH_DATE = (
    r"^[\[(<]?(?:[0-9]{1,4}[-/.][0-9A-Z]|20[0-9]{6}[T _-]|1[4-9][0-9]{8}"
    rf"|(?:{_NAMES})[a-z]*[ ,.]|[0-9]{{1,2}} [A-Z][a-z]{{2}})"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_HALF = r"(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = rf"(?: ?(?:[+-]\d{{2}}:?\d{{2}}|{'|'.join(sorted(ZONES, key=len, reverse=True))}))?"
_DAY = rf"(?:(?:{_NAMES})[a-z]*,? +)?"
_LEADING_TIME = (
    rf"^[\[(<]?(\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}[ T]{_CLOCK}{_ZONE}"
    rf"|{_DAY}\d{{1,2}}[ /-][A-Z][a-z]{{2,8}}[ /-]\d{{4}}[ :]{_CLOCK}{_HALF}{_ZONE}"
    rf"|{_DAY}(?:{_NAMES})[a-z]* +\d{{1,2}},? +\d{{4}},? +{_CLOCK}{_HALF}{_ZONE}"
    rf"|{_DAY}(?:{_NAMES}) +\d{{1,2}} +{_CLOCK}{_ZONE} +\d{{4}}"
    rf"|(?:{_NAMES}) +\d{{1,2}} \d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,9}})?"
    rf"|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}},?[ T]{_CLOCK}{_HALF}{_ZONE}"
    rf"|20\d{{6}}[T _-](?:\d{{6}}|{_CLOCK}){_ZONE}"
    r"|1[4-9]\d{8}(?:\.\d{1,9}|\d{3}(?:\d{3}(?:\d{3})?)?)?)"
    r"(?:[^\w.,:/]|,\D|$)"
)


def parse(lines: pl.Series) -> Found:
    """Take every line: severity from its words, time from what it begins with, if that is one.

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
        Sample(
            line="Wed, 11 Feb 2026 06:43:36 GMT job 7 done",
            expect={"timestamp": "2026-02-11T06:43:36Z", "severity": 9},
        ),
        Sample(
            line="2026-02-11T06:43:36.25Z,ERROR,search,shard 3 does not answer",
            expect={"timestamp": "2026-02-11T06:43:36.25Z", "severity": 17},
        ),
        Sample(line="kernel panic - not syncing", expect={"severity": 23}),
    ),
)
