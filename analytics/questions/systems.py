"""Which operating systems requests come from."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import ROWS, SharedSerializer, rows_by
from storage.logs import LogSet


class SystemSerializer(SharedSerializer):
    """One system."""

    system = serializers.CharField()


class SystemListSerializer(serializers.Serializer[Any]):
    """Those with most requests first."""

    rows = SystemSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Operating systems, as user agents tell, those with most requests first."""
    return rows_by(logs, given, "system")


QUESTION = Question(
    path="analytics/systems",
    summary="Count requests by operating system",
    ask=ask,
    parameters=ROWS,
    answer=SystemListSerializer,
    example={
        "rows": [
            {
                "system": "Android",
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
