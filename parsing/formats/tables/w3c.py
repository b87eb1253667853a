"""W3C extended log; which header is in force comes with the body (`parsing.headers`)."""

from parsing.contracts import Sample
from parsing.tables import table_format

FORMAT = table_format(
    "w3c",
    "W3C extended log with #Fields:",
    "https://www.w3.org/TR/WD-logfile.html",
    (
        Sample(
            line="#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken",
            expect={"_header": "true"},
        ),
        Sample(line="2026-02-11 06:43:36 10.0.0.7 GET / 200 12", expect=None),
    ),
    ("timestamp", "severity", "message"),
)
