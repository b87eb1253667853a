"""Why a query finds nothing."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from storage import facade as storage
from storage.logs import LogSet

KINDS = ("app", "unknown_field", "unknown_value", "time", "clause")


class FixSerializer(serializers.Serializer[Any]):
    """A query that may have been meant."""

    text = serializers.CharField(help_text="To show.")
    q = serializers.CharField()
    start = serializers.DateTimeField(allow_null=True, help_text="If for another range.")
    end = serializers.DateTimeField(allow_null=True)
    parameter = serializers.CharField(
        allow_null=True, help_text="The plain filter that should be `text`; null: it is in `q`."
    )


class WhySerializer(serializers.Serializer[Any]):
    """Why nothing was found; null positions are those of a filter or of the range."""

    kind = serializers.ChoiceField(KINDS)
    clause = serializers.CharField(help_text="`q[from:to]`, or a plain filter.")
    to = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    suggestions = FixSerializer(many=True)
    count_without = serializers.IntegerField(
        allow_null=True, help_text="Lines that are found when it is left away."
    )

    def get_fields(self) -> dict[str, Any]:
        """The fields; one is named like a keyword."""
        return {"from": serializers.IntegerField(allow_null=True), **super().get_fields()}


class ExplanationSerializer(serializers.Serializer[Any]):
    """Reasons, those that tell most first; none where lines were found."""

    matched = serializers.IntegerField()
    reasons = WhySerializer(many=True)
    is_complete = serializers.BooleanField(help_text="There was time to look at every clause.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Which clause finds nothing, and what may have been meant.

    Looks for apps you may not see, fields that no line has, values that none has, lines at other
    times, and counts what each clause takes away.
    """
    found = until_now(logs).explain()
    return {
        "matched": found.matched,
        "reasons": [_reason(reason) for reason in found.reasons],
        "is_complete": found.is_complete,
        "took_ms": found.took_ms,
    }


def _reason(reason: storage.Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "clause": reason.clause,
        "from": reason.start,
        "to": reason.end,
        "message": reason.message,
        "suggestions": [asdict(fix) for fix in reason.suggestions],
        "count_without": reason.count_without,
    }


QUESTION = Question(
    path="logs/explain",
    summary="Say why a query finds nothing",
    ask=ask,
    answer=ExplanationSerializer,
    example={
        "matched": 0,
        "reasons": [
            {
                "kind": "unknown_value",
                "clause": "service:atuh",
                "from": 0,
                "to": 12,
                "message": "No line of this time has service “atuh”.",
                "suggestions": [
                    {
                        "text": "auth",
                        "q": "service:auth timeout",
                        "start": None,
                        "end": None,
                        "parameter": None,
                    }
                ],
                "count_without": 12,
            }
        ],
        "is_complete": True,
        "took_ms": 40,
    },
)
