"""Figures of a query."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from storage.logs import LogSet


class StatsSerializer(serializers.Serializer[Any]):
    """Figures of a query."""

    total = serializers.IntegerField()
    by_level = serializers.DictField(child=serializers.IntegerField())
    by_service = serializers.DictField(child=serializers.IntegerField())
    error_rate = serializers.FloatField(help_text="Share of ERROR and FATAL, 0 to 1.")
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Totals by level and service, the share of errors, first and last line."""
    return asdict(logs.stats())


QUESTION = Question(
    path="logs/stats",
    summary="Count lines by level and service",
    ask=ask,
    answer=StatsSerializer,
    example={
        "total": 123,
        "by_level": {"INFO": 120, "ERROR": 3},
        "by_service": {"payment": 123},
        "error_rate": 0.02439,
        "first": "2026-02-11T06:43:00.120Z",
        "last": "2026-02-11T06:43:59Z",
        "took_ms": 11,
    },
)
