"""Counts over time."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from storage.logs import LogSet


class BucketSerializer(serializers.Serializer[Any]):
    """Counts from `start` on."""

    start = serializers.DateTimeField()
    counts = serializers.DictField(child=serializers.IntegerField())


class HistogramSerializer(serializers.Serializer[Any]):
    """Counts by level over the whole range."""

    interval_s = serializers.IntegerField()
    buckets = BucketSerializer(many=True)
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Counts by level for the whole range, empty buckets included."""
    by = given.choice("by", ("level",), "level")
    interval = given.interval()
    interval_s = None if interval == "auto" else interval
    return asdict(until_now(logs).histogram(interval_s=interval_s, by=by))


QUESTION = Question(
    path="logs/histogram",
    summary="Count lines over time",
    ask=ask,
    parameters=(
        OpenApiParameter("interval", str, description="`auto` (default) or seconds."),
        OpenApiParameter("by", str, enum=["level"]),
    ),
    answer=HistogramSerializer,
    example={
        "interval_s": 60,
        "buckets": [
            {"start": "2026-02-11T06:43:00Z", "counts": {"INFO": 120, "ERROR": 3}},
            {"start": "2026-02-11T06:44:00Z", "counts": {}},
        ],
        "took_ms": 9,
    },
)
