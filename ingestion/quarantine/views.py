"""The quarantine over HTTP: lines, reasons, previews, replays, deletion.

Reading is for people of the app and keys with the `query` scope; replaying and cancelling need the
right to change sources, deleting the right to delete them, and a person.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingestion.errors import LineNotFound
from ingestion.models import Replay
from ingestion.quarantine import replays
from ingestion.quarantine import serializers as shapes
from logplatform.api_access import AppNotFound, KeyIdentity, visible_apps
from logplatform.control.access import CHANGED, PeopleOnly, note, person
from logplatform.parameters import check_names
from storage import facade as storage
from storage.models import App

NEWEST_REPLAYS = 100


class QuarantineView(APIView):
    """Lines that could not be stored, with the reason and the raw bytes."""

    @extend_schema(
        operation_id="quarantine",
        summary="List quarantined lines",
        parameters=[shapes.ListParameters],
        responses=shapes.RejectedPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """A page of the lines of the caller's apps, newest first."""
        asked = _asked(shapes.ListParameters, request.query_params)
        limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
        page = storage.list_rejects(_query(request, asked), limit=limit, cursor=cursor)
        return Response({"results": page.lines, "next": page.next})

    @extend_schema(
        operation_id="quarantine_delete",
        summary="Delete quarantined lines",
        parameters=[shapes.DeleteParameters],
        responses=shapes.DeletedSerializer,
    )
    def delete(self, request: Request) -> Response:
        """Delete the lines a filter finds, for good; the app and one more filter are needed."""
        _require(request, "ingestion.delete_source")
        asked = _asked(shapes.DeleteParameters, request.query_params)
        query = _query(request, asked)
        replays.check_no_replay(query)
        deleted = storage.delete_rejects(query)
        note(request, _app(request, asked), CHANGED, f"deleted {deleted} quarantined lines.")
        return Response({"deleted": deleted})


class LineView(APIView):
    """One quarantined line."""

    @extend_schema(
        operation_id="quarantine_line",
        summary="Read a quarantined line with all of its bytes",
        responses=shapes.RejectedSerializer,
    )
    def get(self, request: Request, line: UUID) -> Response:
        """The line as it came."""
        found = storage.get_reject(visible_apps(request), line)
        if found is None:
            raise LineNotFound(line=line)
        return Response(found)


class ReasonsView(APIView):
    """Why lines are in quarantine."""

    @extend_schema(
        operation_id="quarantine_reasons",
        summary="Group quarantined lines by source and reason",
        parameters=[shapes.ReasonParameters],
        responses=shapes.RejectReasonsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Reasons of the caller's apps with counts, first and last time, and an example."""
        asked = _asked(shapes.ReasonParameters, request.query_params)
        limit = asked.pop("limit")
        reasons = storage.reject_reasons(_query(request, asked), limit=limit)
        return Response({"results": [asdict(reason) for reason in reasons]})


class PreviewView(APIView):
    """What a replay would do."""

    @extend_schema(
        operation_id="quarantine_preview",
        summary="Read quarantined lines again without storing them",
        request=shapes.ChoiceIn,
        responses=shapes.PreviewSerializer,
    )
    def post(self, request: Request) -> Response:
        """The first 1 000 lines of a choice as they would be stored or refused now."""
        preview = replays.preview_replay(_choice(request))
        return Response(asdict(preview))


class ReplayView(APIView):
    """Starts replays."""

    @extend_schema(
        operation_id="quarantine_replay",
        summary="Replay quarantined lines",
        request=shapes.ChoiceIn,
        responses={202: shapes.ReplaySerializer},
    )
    def post(self, request: Request) -> Response:
        """Read the lines of a choice again and store them, in the background."""
        _require(request, "ingestion.change_source")
        replay = replays.start_replay(_choice(request), user=person(request))
        return Response(shapes.ReplaySerializer(replay).data, status=202)


class ReplayListView(APIView):
    """Replays of the caller's apps."""

    @extend_schema(
        operation_id="quarantine_replays",
        summary="List replays",
        responses=shapes.ReplaysSerializer,
    )
    def get(self, request: Request) -> Response:
        """The newest 100."""
        found = Replay.objects.filter(app__slug__in=visible_apps(request))
        newest = found.select_related("app", "created_by")[:NEWEST_REPLAYS]
        return Response({"results": shapes.ReplaySerializer(newest, many=True).data})


class ReplayDetailView(APIView):
    """One replay."""

    @extend_schema(
        operation_id="quarantine_replay_show",
        summary="See how far a replay is",
        responses=shapes.ReplaySerializer,
    )
    def get(self, request: Request, replay: UUID) -> Response:
        """Its numbers now."""
        found = replays.access_replay(replay, visible_apps(request))
        return Response(shapes.ReplaySerializer(found).data)


class ReplayCancelView(APIView):
    """Cancels replays."""

    @extend_schema(
        operation_id="quarantine_replay_cancel",
        summary="Cancel a replay",
        request=None,
        responses=shapes.ReplaySerializer,
    )
    def post(self, request: Request, replay: UUID) -> Response:
        """Stop behind the batch it is at; what is stored stays stored."""
        _require(request, "ingestion.change_source")
        found = replays.access_replay(replay, visible_apps(request))
        replays.cancel_replay(found)
        return Response(shapes.ReplaySerializer(found).data)


def _require(request: Request, right: str) -> None:
    """Let only people with a right pass. Raises: PeopleOnly, PermissionDenied."""
    if isinstance(request.auth, KeyIdentity):
        raise PeopleOnly()
    if not request.user.has_perm(right):
        raise PermissionDenied


def _asked(shape: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """What is asked for, checked. Raises: UnknownParameter, ValidationError."""
    given = shape(data=data)
    check_names(data if isinstance(data, Mapping) else (), given.fields)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _query(request: Request, asked: dict[str, Any]) -> storage.RejectQuery:
    """The caller's lines that fit; `app` has narrowed the apps already."""
    narrowed = {name: value for name, value in asked.items() if name != "app"}
    return storage.RejectQuery(apps=visible_apps(request), **narrowed)


def _choice(request: Request) -> replays.Choice:
    asked = _asked(shapes.ChoiceIn, request.data)
    return replays.Choice(**{**asked, "app": _app(request, asked)})


def _app(request: Request, asked: dict[str, Any]) -> App:
    """The app a body or filter names. Raises: AppNotFound."""
    slug = asked["app"]
    visible = visible_apps(request)
    if slug not in visible:
        raise AppNotFound(app=slug, visible=visible)
    return App.objects.get(slug=slug)
