"""Which addresses send most requests."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import ROWS, SharedSerializer, rows_by
from storage.logs import LogSet


class IpSerializer(SharedSerializer):
    """One ip."""

    ip = serializers.CharField()


class IpListSerializer(serializers.Serializer[Any]):
    """Those with most requests first."""

    rows = IpSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Addresses of clients, those with most requests first, with their share and their errors."""
    return rows_by(logs, given, "ip")


QUESTION = Question(
    path="analytics/top-ips",
    summary="Count requests by address",
    ask=ask,
    parameters=ROWS,
    answer=IpListSerializer,
    example={
        "rows": [
            {
                "ip": "203.0.113.9",
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
