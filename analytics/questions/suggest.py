"""What could be typed next in a query."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, UnqueriedFilter, until_now
from analytics.question import Question
from storage.logs import LogSet

DEFAULT_ITEMS = 20
KINDS = ("field", "value", "operator")


class SuggestionSerializer(serializers.Serializer[Any]):
    """Something to put at the cursor."""

    text = serializers.CharField(help_text="To show.")
    insert = serializers.CharField(help_text="To insert: with quotes, where a value needs them.")
    kind = serializers.ChoiceField(KINDS)
    detail = serializers.CharField(help_text="The type of a field, the meaning of an operator.")
    count = serializers.IntegerField(allow_null=True, help_text="Lines of a sample that have it.")


class SuggestionsSerializer(serializers.Serializer[Any]):
    """What to replace `q[from:to]` with."""

    to = serializers.IntegerField()
    kind = serializers.ChoiceField(KINDS, help_text="That of the first item.")
    items = SuggestionSerializer(many=True)
    took_ms = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """The fields; one is named like a keyword."""
        return {"from": serializers.IntegerField(), **super().get_fields()}


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Fields, values and operators for the position `cursor` in `q`, which may be half typed.

    The other parameters say which lines the suggestions come from; a sample of them is looked at.
    """
    text = given.text("q") or ""
    cursor = given.number("cursor", len(text))
    found = until_now(logs).suggest(text, cursor, limit=given.number("limit", DEFAULT_ITEMS))
    return {
        "from": found.start,
        "to": found.end,
        "kind": found.kind,
        "items": [asdict(item) for item in found.items],
        "took_ms": found.took_ms,
    }


QUESTION = Question(
    path="logs/suggest",
    summary="Complete a query",
    ask=ask,
    parameters=(
        OpenApiParameter(
            "cursor",
            int,
            description="Characters before the cursor; default, and at most, the length of `q`.",
        ),
        OpenApiParameter("limit", int, description="1 to 50, default 20."),
    ),
    filterset=UnqueriedFilter,
    answer=SuggestionsSerializer,
    example={
        "from": 8,
        "to": 10,
        "kind": "value",
        "items": [
            {"text": "auth", "insert": "auth", "kind": "value", "detail": "", "count": 812},
            {
                "text": "audit log",
                "insert": '"audit log"',
                "kind": "value",
                "detail": "",
                "count": 3,
            },
        ],
        "took_ms": 21,
    },
)
