"""The search API: which kinds of lines there are, and which lines are unusual."""

from dataclasses import asdict
from typing import Any, get_args

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import documentation as docs
from analytics.errors import InvalidParameter
from analytics.serializers import AnomalyPageSerializer, PatternPageSerializer
from analytics.views import DEFAULT_LIMIT, LogsView, until_now, whole_number
from logplatform.kernel.anomaly import MAX_SCORE, reasons_of
from storage import facade as storage

DEFAULT_PATTERNS = 50
DEFAULT_SCORE = 50


class PatternsView(LogsView):
    """Message templates."""

    @extend_schema(
        operation_id="logs_patterns",
        summary="List message templates",
        parameters=docs.ASKED + docs.LISTED,
        responses=PatternPageSerializer,
        examples=[docs.PATTERNS_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """What kinds of messages there are, how often, and whether that is new."""
        limit = whole_number(request, "limit", DEFAULT_PATTERNS)
        page = until_now(self.asked()).patterns(limit=limit, sort=_sort(request))
        return Response(asdict(page))


class AnomaliesView(LogsView):
    """Unusual lines."""

    @extend_schema(
        operation_id="logs_anomalies",
        summary="Find unusual lines",
        parameters=docs.ASKED + docs.PAGED + docs.SCORED,
        responses=AnomalyPageSerializer,
        examples=[docs.ANOMALIES_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Lines with at least this score, newest first, each with the reasons of its score."""
        score = whole_number(request, "min_score", DEFAULT_SCORE)
        if not 1 <= score <= MAX_SCORE:
            raise InvalidParameter(name="min_score", value=str(score), expected="1 to 100")
        limit = whole_number(request, "limit", DEFAULT_LIMIT)
        logs = self.asked().search(f"anomaly_score:>={score}")
        page = logs.page(limit=limit, cursor=request.query_params.get("cursor"))
        results = [_with_reasons(record) for record in page.records]
        return Response({"results": results, "next": page.next, "took_ms": page.took_ms})


def _sort(request: Request) -> storage.PatternSort:
    text = request.query_params.get("sort", "count")
    known: tuple[storage.PatternSort, ...] = get_args(storage.PatternSort)
    for sort in known:
        if text == sort:
            return sort
    raise InvalidParameter(name="sort", value=text[:50], expected=" or ".join(known))


def _with_reasons(record: storage.Record) -> dict[str, Any]:
    return {**record, "reasons": [asdict(reason) for reason in reasons_of(record)]}
