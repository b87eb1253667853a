"""CSV with a header; which header is in force comes with the body (`parsing.headers`)."""

from parsing.contracts import Sample
from parsing.tables import table_format

FORMAT = table_format(
    "csv",
    "CSV with a header",
    "https://www.rfc-editor.org/rfc/rfc4180",
    (
        Sample(line="timestamp,level,message", expect={"_header": "true"}),
        Sample(line='alice,7,"open', expect=None),
    ),
    ("timestamp", "severity", "message"),
)
