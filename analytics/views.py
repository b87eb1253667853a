"""The search API: lines, one line, counts over time, figures."""

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import documentation as docs
from analytics.asking import Asking
from analytics.errors import InvalidParameter, LogNotFound
from analytics.parameters import LogFilter
from analytics.serializers import (
    HistogramSerializer,
    PageSerializer,
    RecordSerializer,
    StatsSerializer,
)
from logplatform.api_access import visible_apps
from logplatform.kernel import clock
from storage import facade as storage
from storage.logs import LogSet
from storage.models import Log

DEFAULT_LIMIT = 100


class LogsView(Asking, GenericAPIView):  # type: ignore[type-arg]  # generic for mypy only
    """A question about the caller's lines; subclasses say how it is answered."""

    filterset_class = LogFilter
    pagination_class = None
    serializer_class = PageSerializer

    def get_queryset(self) -> Any:
        """All lines of the apps the caller may see and asked for."""
        if getattr(self, "swagger_fake_view", False):
            return Log.objects.for_apps(())
        return Log.objects.for_apps(visible_apps(self.request))

    def asked(self) -> LogSet:
        """The lines that the parameters describe."""
        found: Any = self.filter_queryset(self.get_queryset())
        return cast(LogSet, found)


class LogListView(LogsView):
    """Pages of lines."""

    @extend_schema(
        operation_id="logs",
        summary="Search lines",
        parameters=docs.ASKED + docs.PAGED,
        responses=PageSerializer,
        examples=[docs.PAGE_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Newest first unless `order=asc`; `next` opens the page after."""
        limit = whole_number(request, "limit", DEFAULT_LIMIT)
        page = self.asked().page(limit=limit, cursor=request.query_params.get("cursor"))
        return Response({"results": page.records, "next": page.next, "took_ms": page.took_ms})


class HistogramView(LogsView):
    """Counts over time."""

    @extend_schema(
        operation_id="logs_histogram",
        summary="Count lines over time",
        parameters=docs.ASKED + docs.CHARTED,
        responses=HistogramSerializer,
        examples=[docs.HISTOGRAM_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Counts by level for the whole range, empty buckets included."""
        by = request.query_params.get("by", "level")
        if by != "level":
            raise InvalidParameter(name="by", value=by[:50], expected="`level`")
        is_auto = request.query_params.get("interval", "auto") == "auto"
        interval_s = None if is_auto else whole_number(request, "interval", 0)
        return Response(asdict(until_now(self.asked()).histogram(interval_s=interval_s)))


class StatsView(LogsView):
    """Figures of a query."""

    @extend_schema(
        operation_id="logs_stats",
        summary="Count lines by level and service",
        parameters=docs.ASKED,
        responses=StatsSerializer,
        examples=[docs.STATS_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Totals by level and service, the share of errors, first and last line."""
        return Response(asdict(self.asked().stats()))


class LogView(Asking):
    """One line."""

    @extend_schema(
        operation_id="log",
        summary="Read one line",
        parameters=[docs.APP],
        responses=RecordSerializer,
        examples=[docs.RECORD_EXAMPLE],
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        """The line with this id."""
        record = storage.get_log(visible_apps(request), record_id)
        if record is None:
            raise LogNotFound()
        return Response(record)


def until_now(logs: LogSet) -> LogSet:
    """The set with an end: now, where there is none."""
    now = clock.now()
    return logs if logs.end else logs.between(None, max(now, logs.start or now))


def whole_number(request: Request, name: str, default: int) -> int:
    """A whole number among the parameters.

    Raises:
        InvalidParameter: it is something else.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidParameter(name=name, value=text[:50], expected="a whole number")
    return int(text)
