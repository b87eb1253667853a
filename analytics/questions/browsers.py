"""Which browsers and programs send requests."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import ROWS, SharedSerializer, rows_by
from storage.logs import LogSet


class BrowserSerializer(SharedSerializer):
    """One browser."""

    browser = serializers.CharField()


class BrowserListSerializer(serializers.Serializer[Any]):
    """Those with most requests first."""

    rows = BrowserSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Browsers and other programs, as their user agents tell, those with most requests first."""
    return rows_by(logs, given, "browser")


QUESTION = Question(
    path="analytics/browsers",
    summary="Count requests by browser",
    ask=ask,
    parameters=ROWS,
    answer=BrowserListSerializer,
    example={
        "rows": [
            {
                "browser": "Firefox",
                "count": 1200,
                "share": 0.41,
                "client_errors": 31,
                "server_errors": 2,
                "error_rate": 0.001667,
            }
        ],
        "is_truncated": False,
        "took_ms": 35,
    },
)
