"""Which values fields have, and how often."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given
from analytics.question import Question
from logplatform.api_types import Shadowing
from storage.logs import LogSet

DEFAULT_FIELDS = ("level", "service", "host", "source")
DEFAULT_VALUES = 10


class ValueSerializer(serializers.Serializer[Any]):
    """A value and the number of its lines."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class FacetsSerializer(serializers.Serializer[Any]):
    """The most frequent values of each field."""

    fields: Shadowing = serializers.DictField(child=ValueSerializer(many=True))
    missing = serializers.DictField(
        child=serializers.IntegerField(), help_text="Lines without a value."
    )
    chosen = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields with too many values to compare all; see the description.",
    )
    truncated = serializers.ListField(
        child=serializers.CharField(), help_text="Fields with more values than are told."
    )
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """The most frequent values of several fields, counted exactly in one scan.

    Of a field with hundreds of thousands of values, as `trace_id` has, those that seem the most
    frequent are chosen and then counted exactly: a value that more than one in 20,000 lines has
    is sure to be there. `chosen` names such fields.
    """
    fields = given.names("fields") or DEFAULT_FIELDS
    return asdict(logs.facets(fields, limit=given.number("limit", DEFAULT_VALUES)))


QUESTION = Question(
    path="logs/facets",
    summary="Count the values of fields",
    ask=ask,
    parameters=(
        OpenApiParameter(
            "fields",
            str,
            description="Up to 20 names as a query writes them, with commas between them; "
            "default `level,service,host,source`.",
        ),
        OpenApiParameter("limit", int, description="Values of each: 1 to 1000, default 10."),
    ),
    answer=FacetsSerializer,
    example={
        "fields": {
            "level": [{"value": "INFO", "count": 120}, {"value": "ERROR", "count": 3}],
            "attributes.status": [{"value": "200", "count": 101}],
        },
        "missing": {"level": 0, "attributes.status": 22},
        "chosen": [],
        "truncated": [],
        "took_ms": 31,
    },
)
