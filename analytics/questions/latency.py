"""How long requests take, over time."""

from typing import Any

from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from analytics.requests import INTERVAL, over_time
from storage.logs import LogSet


class DurationsSerializer(serializers.Serializer[Any]):
    """Percentiles in milliseconds, close but not exact; null where nothing was asked."""

    count = serializers.IntegerField()
    p50_ms = serializers.FloatField(allow_null=True)
    p90_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    p99_ms = serializers.FloatField(allow_null=True)


class DurationsAtSerializer(DurationsSerializer):
    """Those from `start` on."""

    start = serializers.DateTimeField()


class LatencySerializer(serializers.Serializer[Any]):
    """Every bucket of the range, and all of it."""

    interval_s = serializers.IntegerField()
    total = DurationsSerializer()
    rows = DurationsAtSerializer(many=True)
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Lines that have a duration, in milliseconds, seconds or microseconds by its name."""
    return over_time(logs, given, ("count", "p50_ms", "p90_ms", "p95_ms", "p99_ms"), "duration")


_FIGURES = {"count": 1200, "p50_ms": 12.1, "p90_ms": 31.0, "p95_ms": 48.0, "p99_ms": 212.5}
QUESTION = Question(
    path="analytics/latency",
    summary="Measure durations over time",
    ask=ask,
    parameters=INTERVAL,
    answer=LatencySerializer,
    example={
        "interval_s": 60,
        "total": _FIGURES,
        "rows": [{"start": "2026-02-11T06:43:00Z", **_FIGURES}],
        "took_ms": 35,
    },
)
