"""Which fields lines have."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from logplatform.api_types import Shadowing
from storage.logs import LogSet

DEFAULT_LIMIT = 200


class FieldSerializer(serializers.Serializer[Any]):
    """One field."""

    name = serializers.CharField(help_text="As a query writes it.")
    type = serializers.ChoiceField(["text", "number", "time", "level", "integer", "id"])
    is_attribute = serializers.BooleanField()
    count = serializers.IntegerField(help_text="Lines that have a value.")
    share = serializers.FloatField(help_text="The same of all lines looked at, 0 to 1.")
    cardinality = serializers.IntegerField(help_text="Different values, within 1 %.")


class FieldListSerializer(serializers.Serializer[Any]):
    """Fields, those most lines have first."""

    fields: Shadowing = FieldSerializer(many=True)
    sampled = serializers.IntegerField(help_text="Lines that were looked at.")
    is_truncated = serializers.BooleanField(help_text="There are more.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """The fields of a sample: at most 50 000 lines, which come from ten equal parts of the range.

    What is counted is counted in the sample. Attributes that none of these lines has are looked
    for in all of them for a third of a second.
    """
    return asdict(until_now(logs).fields(limit=given.number("limit", DEFAULT_LIMIT)))


QUESTION = Question(
    path="logs/fields",
    summary="List the fields there are",
    ask=ask,
    parameters=(OpenApiParameter("limit", int, description="1 to 1000, default 200."),),
    answer=FieldListSerializer,
    example={
        "fields": [
            {
                "name": "service",
                "type": "text",
                "is_attribute": False,
                "count": 4200,
                "share": 1.0,
                "cardinality": 5,
            },
            {
                "name": "duration_ms",
                "type": "number",
                "is_attribute": True,
                "count": 3990,
                "share": 0.95,
                "cardinality": 812,
            },
        ],
        "sampled": 4200,
        "is_truncated": False,
        "took_ms": 40,
    },
)
