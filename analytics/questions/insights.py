"""What changed: two spans of time beside each other."""

from dataclasses import asdict
from typing import Any, get_args

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.changes import Kind
from analytics.insights import MAX_CHANGES, compare_spans
from analytics.parameters import Given, read_time, until_now
from analytics.question import Question
from analytics.serializers import LEVELS
from storage.logs import LogSet

DEFAULT_CHANGES = 20
KINDS: tuple[Kind, ...] = get_args(Kind)


class SpanSerializer(serializers.Serializer[Any]):
    """A span of time and how many lines it has."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    count = serializers.IntegerField()


class ChangeSerializer(serializers.Serializer[Any]):
    """What both kinds of changes say."""

    now = serializers.IntegerField(help_text="Lines in the range.")
    before = serializers.IntegerField(help_text="Lines in the span it is compared with.")
    score = serializers.FloatField(help_text="Evidence and size of the change; below 0: fewer.")


class FieldChangeSerializer(ChangeSerializer):
    """A value that became more or less frequent."""

    field = serializers.CharField(help_text="As a query writes it.")
    value = serializers.CharField()
    change = serializers.FloatField(
        allow_null=True, help_text="1.0: twice as often as before; null: it was not there."
    )


class TemplateChangeSerializer(ChangeSerializer):
    """A message template that came, went, or became more or less frequent."""

    pattern_id = serializers.IntegerField()
    template = serializers.CharField()
    level = serializers.ChoiceField(LEVELS, help_text="The worst there was.")
    kind = serializers.ChoiceField(KINDS)


class InsightsSerializer(serializers.Serializer[Any]):
    """What changed, most first."""

    span = SpanSerializer()
    baseline = SpanSerializer()
    sampled = serializers.FloatField(help_text="Values were counted in this share of lines.")
    templates = TemplateChangeSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more values or templates.")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(["templates", "fields"]),
        help_text="What there was no time to count.",
    )
    took_ms = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """With `fields`, which is DRF's own name on the class."""
        return {**super().get_fields(), "fields": FieldChangeSerializer(many=True)}


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Which values of fields and which message templates became more or less frequent.

    Compared with the equally long time before, or with any other span. What everything did is no
    change: in twice the traffic, that twice as many lines have a value is not told.
    What takes longer than two seconds to count is left out, and named in `left_out`.
    """
    answer = compare_spans(
        until_now(logs).query(),
        read_time("baseline_start", given.text("baseline_start") or ""),
        read_time("baseline_end", given.text("baseline_end") or ""),
        limit=given.number("limit", DEFAULT_CHANGES),
    )
    return asdict(answer)


_EXAMPLE_SPAN = {"start": "2026-02-11T14:00:00Z", "end": "2026-02-11T15:00:00Z", "count": 52_310}

QUESTION = Question(
    path="analytics/insights",
    summary="Tell what changed",
    ask=ask,
    parameters=(
        OpenApiParameter(
            "baseline_start", str, description="The span to compare with; default: as long, before."
        ),
        OpenApiParameter("baseline_end", str, description="Its end, excluded."),
        OpenApiParameter(
            "limit",
            int,
            description=f"Values, and templates: 1 to {MAX_CHANGES}, default {DEFAULT_CHANGES}.",
        ),
    ),
    answer=InsightsSerializer,
    example={
        "span": _EXAMPLE_SPAN,
        "baseline": {
            "start": "2026-02-11T13:00:00Z",
            "end": "2026-02-11T14:00:00Z",
            "count": 51_204,
        },
        "sampled": 1.0,
        "fields": [
            {
                "field": "status",
                "value": "502",
                "now": 900,
                "before": 12,
                "change": 74.0,
                "score": 112.4,
            }
        ],
        "templates": [
            {
                "pattern_id": 3871047264810577,
                "template": "connection reset by peer, attempt <*>",
                "level": "ERROR",
                "now": 870,
                "before": 0,
                "kind": "new",
                "score": 124.3,
            }
        ],
        "is_truncated": False,
        "left_out": [],
        "took_ms": 310,
    },
)
