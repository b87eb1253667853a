"""The search API: the view that answers questions, and single lines."""

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import documentation as docs
from analytics.asking import Asking
from analytics.errors import LogNotFound
from analytics.parameters import Given, LogFilter
from analytics.question import Question
from analytics.serializers import ContextSerializer, RecordSerializer
from logplatform.api_access import visible_apps
from logplatform.parameters import check_names
from storage import facade as storage
from storage.logs import LogSet
from storage.models import Log

DEFAULT_NEIGHBOURS = 20


class LogsView(Asking, GenericAPIView):  # type: ignore[type-arg]  # only its stubs are generic
    """A question about the caller's lines; subclasses say how it is answered."""

    filterset_class = LogFilter
    own_parameters: tuple[OpenApiParameter, ...] = ()
    pagination_class = None
    serializer_class = RecordSerializer

    def get_queryset(self) -> Any:
        """All lines of the apps the caller may see and asked for."""
        if getattr(self, "swagger_fake_view", False):
            return Log.objects.for_apps(())
        return Log.objects.for_apps(visible_apps(self.request))

    def asked(self) -> LogSet:
        """The lines that the parameters describe."""
        known = [one.name for one in (*docs.ASKED, *self.own_parameters)]
        check_names(self.request.query_params, known)
        found: Any = self.filter_queryset(self.get_queryset())
        return cast(LogSet, found)

    def given(self) -> Given:
        """The parameters beside those that all questions share."""
        return Given(self.request.query_params)


def view_of(question: Question) -> type[LogsView]:
    """The view that answers a question."""

    def get(self: LogsView, request: Request) -> Response:
        return Response(question.ask(self.asked(), self.given()))

    members = {
        "__doc__": question.summary,
        "get": question.documented(get),
        "filterset_class": question.filterset,
        "own_parameters": question.parameters,
        "serializer_class": question.answer,
    }
    return type(f"{question.name}-view", (LogsView,), members)


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


class ContextView(Asking):
    """A line among its neighbours."""

    @extend_schema(
        operation_id="log_context",
        summary="Read the lines around one line",
        parameters=[docs.APP, *docs.AROUND],
        responses=ContextSerializer,
        examples=[docs.CONTEXT_EXAMPLE],
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        """The lines of the same source just before and after the line with this id."""
        check_names(request.query_params, [one.name for one in (docs.APP, *docs.AROUND)])
        given = Given(request.query_params)
        context = storage.get_context(
            visible_apps(request),
            record_id,
            before=given.number("before", DEFAULT_NEIGHBOURS),
            after=given.number("after", DEFAULT_NEIGHBOURS),
        )
        if context is None:
            raise LogNotFound()
        return Response(asdict(context))
