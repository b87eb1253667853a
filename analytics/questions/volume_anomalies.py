"""Unusual volumes: spikes, silences, what is new and what vanished."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from analytics.serializers import LEVELS
from storage.logs import LogSet

DEFAULT_LIMIT = 50
KINDS = ("spike", "silence", "new", "vanished")


class VolumeAnomalySerializer(serializers.Serializer[Any]):
    """Lines that came too often, not at all, or for the first time."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    kind = serializers.ChoiceField(KINDS)
    app = serializers.CharField()
    service = serializers.CharField(allow_null=True, help_text="null: of all services.")
    level = serializers.ChoiceField(LEVELS, allow_null=True, help_text="null: of all levels.")
    pattern_id = serializers.IntegerField(allow_null=True, help_text="null: of all templates.")
    template = serializers.CharField(allow_null=True)
    actual = serializers.IntegerField(help_text="Lines in this time.")
    expected = serializers.FloatField(help_text="Lines that are usual in this time.")
    score = serializers.FloatField(help_text="How unusual, up to 100.")


class VolumeAnomaliesSerializer(serializers.Serializer[Any]):
    """What is unusual, most unusual first."""

    anomalies = VolumeAnomalySerializer(many=True)
    interval_s = serializers.IntegerField(help_text="Width of the buckets looked at.")
    is_truncated = serializers.BooleanField(help_text="There are more.")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(["templates"]), help_text="What there was no time to count."
    )
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Volumes that differ from what the same time of the week before had.

    Looked at by app, service, level and message template; of one event, what tells most is told.
    Needs two days of lines; the range is 7 days at most. Templates that take longer than two
    seconds to count are left out, and `left_out` says so.
    """
    from analytics.volume.answer import unusual_volumes  # loads numpy

    limit = given.number("limit", DEFAULT_LIMIT)
    return asdict(unusual_volumes(until_now(logs).query(), limit=limit))


QUESTION = Question(
    path="analytics/volume-anomalies",
    summary="Find unusual volumes",
    ask=ask,
    parameters=(OpenApiParameter("limit", int, description="1 to 200, default 50."),),
    answer=VolumeAnomaliesSerializer,
    example={
        "anomalies": [
            {
                "start": "2026-02-11T14:05:00Z",
                "end": "2026-02-11T14:40:00Z",
                "kind": "spike",
                "app": "shop",
                "service": "payment",
                "level": "ERROR",
                "pattern_id": 3871047264810577,
                "template": "connection reset by peer, attempt <*>",
                "actual": 870,
                "expected": 14.0,
                "score": 41.7,
            }
        ],
        "interval_s": 300,
        "is_truncated": False,
        "left_out": [],
        "took_ms": 420,
    },
)
