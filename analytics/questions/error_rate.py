"""How many requests fail, over time."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import INTERVAL, ErrorsSerializer, over_time
from storage.logs import LogSet


class ErrorsAtSerializer(ErrorsSerializer):
    """Requests from `start` on."""

    start = serializers.DateTimeField()


class ErrorRateSerializer(serializers.Serializer[Any]):
    """Every bucket of the range, and all of it."""

    interval_s = serializers.IntegerField()
    total = ErrorsSerializer()
    rows = ErrorsAtSerializer(many=True)
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Requests that have a status: how many, and how many of them failed."""
    return over_time(
        logs, given, ("count", "client_errors", "server_errors", "error_rate"), "status"
    )


_FIGURES = {"count": 1200, "client_errors": 31, "server_errors": 2, "error_rate": 0.001667}
QUESTION = Question(
    path="analytics/error-rate",
    summary="Count failed requests over time",
    ask=ask,
    parameters=INTERVAL,
    answer=ErrorRateSerializer,
    example={
        "interval_s": 60,
        "total": _FIGURES,
        "rows": [{"start": "2026-02-11T06:43:00Z", **_FIGURES}],
        "took_ms": 35,
    },
)
