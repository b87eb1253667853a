"""Figures of a query."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from storage.logs import LogSet

DEFAULT_SERVICES = 100


class StatsSerializer(serializers.Serializer[Any]):
    """Figures of a query."""

    total = serializers.IntegerField()
    by_level = serializers.DictField(child=serializers.IntegerField())
    by_service = serializers.DictField(child=serializers.IntegerField())
    error_rate = serializers.FloatField(help_text="Share of ERROR and FATAL, 0 to 1.")
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    services = serializers.IntegerField(help_text="How many there are in all.")
    is_truncated = serializers.BooleanField(help_text="There are more than `by_service` has.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Totals by level and service, the share of errors, first and last line."""
    return asdict(logs.stats(services=given.number("services", DEFAULT_SERVICES)))


QUESTION = Question(
    path="logs/stats",
    summary="Count lines by level and service",
    ask=ask,
    parameters=(
        OpenApiParameter(
            "services", int, description="How many of the largest are told: 1 to 1000, default 100."
        ),
    ),
    answer=StatsSerializer,
    example={
        "total": 123,
        "by_level": {"INFO": 120, "ERROR": 3},
        "by_service": {"payment": 123},
        "error_rate": 0.02439,
        "first": "2026-02-11T06:43:00.120Z",
        "last": "2026-02-11T06:43:59Z",
        "services": 1,
        "is_truncated": False,
        "took_ms": 11,
    },
)
