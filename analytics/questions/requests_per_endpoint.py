"""Which endpoints are asked, how often, how fast and with how many errors."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from analytics.requests import DEFAULT_ROWS, OF_A_PART, ROWS, SharedSerializer, as_rows
from storage.logs import LogSet


class EndpointSerializer(SharedSerializer):
    """One method of one endpoint."""

    method = serializers.CharField()
    endpoint = serializers.CharField(help_text="The route, with ids left out; else the path.")
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)


class EndpointListSerializer(serializers.Serializer[Any]):
    """Those with most requests first."""

    rows = EndpointSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Endpoints by method, those with most requests first, with errors and durations."""
    found = until_now(logs).requests(
        by=("method", "endpoint"),
        figures=(*OF_A_PART, "p50_ms", "p95_ms"),
        needs="endpoint",
        limit=given.number("limit", DEFAULT_ROWS),
    )
    return as_rows(found)


QUESTION = Question(
    path="analytics/requests-per-endpoint",
    summary="Count requests by endpoint",
    ask=ask,
    parameters=ROWS,
    answer=EndpointListSerializer,
    example={
        "rows": [
            {
                "method": "GET",
                "endpoint": "/orders/{id}",
                "count": 1200,
                "share": 0.41,
                "client_errors": 31,
                "server_errors": 2,
                "error_rate": 0.001667,
                "p50_ms": 12.1,
                "p95_ms": 48.0,
            }
        ],
        "is_truncated": False,
        "took_ms": 52,
    },
)
