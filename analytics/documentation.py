"""What `/api/docs` says of the search API: parameters and examples. No behaviour."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

_TIMES = [
    OpenApiExample("relative", value="now-15m"),
    OpenApiExample("exact", value="2026-02-11T06:43:36Z"),
]
_QUERIES = [
    OpenApiExample("a word in any case", value="timeout"),
    OpenApiExample("a phrase", value='"connection reset"'),
    OpenApiExample("levels and fields", value="level>=warn service:(auth OR payment)"),
    OpenApiExample("numbers", value="status:>=500 duration_ms:[100 TO 500] -path:/health"),
    OpenApiExample("wildcard and pattern", value=r"host:web-* message:/attempt \d+/"),
]

APP = OpenApiParameter("app", str, description="Slug; default: all apps you may see.")


def _several(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, many=True, description=f"{text}; repeat it for several.")


ASKED = [
    APP,
    OpenApiParameter("q", str, description="The query language.", examples=_QUERIES),
    OpenApiParameter(
        "start",
        str,
        description="ISO-8601 or relative; default `now-1h`, or an hour before an `end` of before.",
        examples=_TIMES,
    ),
    OpenApiParameter("end", str, description="Excluded; default: open.", examples=_TIMES),
    _several("level", "Any word for a level, in any case"),
    _several("service", "Exact name of a service"),
    _several("host", "Exact name of a host"),
    _several("source", "Slug of a source"),
]
PAGED = (
    OpenApiParameter("order", str, enum=["desc", "asc"], description="Default `desc`."),
    OpenApiParameter("limit", int, description="1 to 1000, default 100."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
)
AROUND = [
    OpenApiParameter("before", int, description="Lines before it: 0 to 500, default 20."),
    OpenApiParameter("after", int, description="Lines after it: 0 to 500, default 20."),
]
EXPORTED = (
    OpenApiParameter("order", str, enum=["desc", "asc"], description="Default `desc`."),
    OpenApiParameter(
        "format", str, enum=["ndjson", "csv", "parquet"], description="Default `ndjson`."
    ),
    OpenApiParameter(
        "fields",
        str,
        description="Names as in a query, by commas; default: the whole record.",
        examples=[OpenApiExample("some", value="timestamp,level,message,attributes.path")],
    ),
)

RECORD = {
    "id": "019c4b7a-4a40-7000-8000-1ef000000000",
    "timestamp": "2026-02-11T06:43:36Z",
    "received_at": "2026-02-11T06:43:36.250Z",
    "app": "shop",
    "source": "web",
    "service": "payment",
    "host": "web-1",
    "logger": "",
    "severity": 17,
    "level": "ERROR",
    "message": "connection reset by peer, attempt 3",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "",
    "attributes": {"status": "502", "path": "/pay", "duration_ms": "251"},
    "pattern_id": 3871047264810577,
    "anomaly_score": 70,
}
RECORD_EXAMPLE = OpenApiExample("a line", value=RECORD, response_only=True)
CONTEXT_EXAMPLE = OpenApiExample(
    "a line between two others",
    value={"before": [RECORD], "record": RECORD, "after": [RECORD], "took_ms": 14},
    response_only=True,
)
