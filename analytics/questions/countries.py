"""Which countries requests come from."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import ROWS, SharedSerializer, rows_by
from storage.logs import LogSet


class CountrySerializer(SharedSerializer):
    """One country."""

    country = serializers.CharField()


class CountryListSerializer(serializers.Serializer[Any]):
    """Those with most requests first."""

    rows = CountrySerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Countries of the clients' addresses (ISO 3166), where a database of places was given."""
    return rows_by(logs, given, "country")


QUESTION = Question(
    path="analytics/countries",
    summary="Count requests by country",
    ask=ask,
    parameters=ROWS,
    answer=CountryListSerializer,
    example={
        "rows": [
            {
                "country": "DE",
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
