"""Unusual lines, with the reasons."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.documentation import PAGED, RECORD
from analytics.parameters import Given, LogFilter
from analytics.question import Question
from analytics.questions.logs import DEFAULT_LIMIT
from analytics.serializers import RecordSerializer
from logplatform.kernel.anomaly import MAX_SCORE, RARITY_POINTS, reasons_of
from logplatform.parameters import InvalidParameter
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_SCORE = 50


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a line is unusual."""

    code = serializers.ChoiceField(
        ["severity", "status", "slow", "word", "error_field", *RARITY_POINTS]
    )
    points = serializers.IntegerField()
    text = serializers.CharField()


class AnomalySerializer(RecordSerializer):
    """One stored line with the reasons of its score."""

    reasons = ReasonSerializer(many=True)


class AnomalyPageSerializer(serializers.Serializer[Any]):
    """One page of unusual lines."""

    results = AnomalySerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="`cursor` of the next page.")
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Lines with at least this score, newest first, each with the reasons of its score."""
    score = given.number("min_score", DEFAULT_SCORE)
    if not 1 <= score <= MAX_SCORE:
        raise InvalidParameter(name="min_score", value=str(score), expected="1 to 100")
    limit = given.number("limit", DEFAULT_LIMIT)
    page = logs.search(f"anomaly_score:>={score}").page(limit=limit, cursor=given.text("cursor"))
    results = [_with_reasons(record) for record in page.records]
    return {"results": results, "next": page.next, "took_ms": page.took_ms}


def _with_reasons(record: storage.Record) -> dict[str, Any]:
    return {**record, "reasons": [asdict(reason) for reason in reasons_of(record)]}


_REASONS = [
    {"code": "severity", "points": 40, "text": "The level is error."},
    {"code": "status", "points": 30, "text": "The HTTP status is 502."},
]
QUESTION = Question(
    path="logs/anomalies",
    summary="Find unusual lines",
    ask=ask,
    parameters=(
        *PAGED,
        OpenApiParameter("min_score", int, description="1 to 100, default 50."),
    ),
    filterset=LogFilter,
    answer=AnomalyPageSerializer,
    example={"results": [{**RECORD, "reasons": _REASONS}], "next": None, "took_ms": 12},
)
