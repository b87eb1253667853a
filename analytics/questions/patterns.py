"""Message templates: which kinds of lines there are."""

from dataclasses import asdict
from typing import Any, get_args

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.documentation import RECORD
from analytics.parameters import Given, until_now
from analytics.question import Question
from analytics.serializers import LEVELS, RecordSerializer
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_PATTERNS = 50
SORTS: tuple[storage.PatternSort, ...] = get_args(storage.PatternSort)


class PatternSerializer(serializers.Serializer[Any]):
    """One message template."""

    pattern_id = serializers.IntegerField(help_text="Search its lines with `pattern_id:<id>`.")
    template = serializers.CharField(help_text="`<*>` stands for what varies.")
    count = serializers.IntegerField(help_text="Lines in the range.")
    previous = serializers.IntegerField(help_text="Lines in the equally long time before it.")
    trend = serializers.ListField(
        child=serializers.IntegerField(), help_text="Counts in 24 equal parts of the range."
    )
    level = serializers.ChoiceField(LEVELS, help_text="The worst there was.")
    first_seen = serializers.DateTimeField(help_text="Within the range.")
    last_seen = serializers.DateTimeField()
    example = RecordSerializer(help_text="The newest line.")


class PatternPageSerializer(serializers.Serializer[Any]):
    """Message templates of a query."""

    patterns = PatternSerializer(many=True)
    total = serializers.IntegerField(help_text="Lines that have a template.")
    distinct = serializers.IntegerField(help_text="Templates there are, within 1 %.")
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """What kinds of messages there are, how often, and whether that is new."""
    limit = given.number("limit", DEFAULT_PATTERNS)
    sort = given.choice("sort", SORTS, "count")
    return asdict(until_now(logs).patterns(limit=limit, sort=sort))


QUESTION = Question(
    path="logs/patterns",
    summary="List message templates",
    ask=ask,
    parameters=(
        OpenApiParameter("limit", int, description="1 to 500, default 50."),
        OpenApiParameter(
            "sort",
            str,
            enum=SORTS,
            description="`count` (default) most frequent first, `rare` least frequent first, "
            "`new` by first occurrence, latest first.",
        ),
    ),
    answer=PatternPageSerializer,
    example={
        "patterns": [
            {
                "pattern_id": 3871047264810577,
                "template": "connection reset by peer, attempt <*>",
                "count": 17,
                "previous": 2,
                "trend": [0] * 22 + [5, 12],
                "level": "ERROR",
                "first_seen": "2026-02-11T06:41:00Z",
                "last_seen": "2026-02-11T06:43:36Z",
                "example": RECORD,
            }
        ],
        "total": 4200,
        "distinct": 38,
        "is_truncated": True,
        "took_ms": 14,
    },
)
