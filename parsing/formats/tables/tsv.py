"""TSV with a header; which header is in force comes with the body (`parsing.headers`)."""

from parsing.contracts import Sample
from parsing.tables import table_format

FORMAT = table_format(
    "tsv",
    "TSV with a header",
    "https://www.iana.org/assignments/media-types/text/tab-separated-values",
    (
        Sample(line="timestamp\tlevel\tmessage", expect={"_header": "true"}),
        Sample(line="alice\t7", expect=None),
    ),
    ("timestamp", "severity", "message"),
)
