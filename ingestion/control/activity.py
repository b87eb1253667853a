"""GET /api/v1/sources/activity: how each source does. For people; keys see nothing of it."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingestion.activity import describe_sources
from ingestion.models import Source
from logplatform.api_access import visible_apps
from logplatform.control.access import PeopleWithRights

_EXAMPLE = OpenApiExample(
    "One source",
    value={
        "now": "2026-05-01T12:00:00Z",
        "step_s": 60,
        "queue": {"entries": 0, "oldest_age_s": None},
        "sources": [
            {
                "id": 1,
                "app": "shop",
                "name": "Web",
                "slug": "web",
                "format": "",
                "is_active": True,
                "lines": [0, 240, 260],
                "lines_per_s": 4.2,
                "lag_ms": 310,
                "store_ms": 90,
                "last_at": "2026-05-01T11:59:59Z",
                "not_stored": 0,
                "not_stored_last_at": None,
                "reason": "",
                "formats": ["json"],
                "keys": {"total": 1, "may_send": 1, "last_used_at": None, "expires_at": None},
            }
        ],
    },
    response_only=True,
)


class BacklogSerializer(serializers.Serializer[Any]):
    """What waits to be stored, of all sources together."""

    entries = serializers.IntegerField()
    oldest_age_s = serializers.FloatField(allow_null=True)


class KeysSerializer(serializers.Serializer[Any]):
    """Keys of a source, for who may see keys."""

    total = serializers.IntegerField()
    may_send = serializers.IntegerField(help_text="Neither revoked nor expired, scope `ingest`.")
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="When the last of them ends; null: one never does."
    )


class SourceFiguresSerializer(serializers.Serializer[Any]):
    """One source; a figure is null while whoever knows it cannot be reached."""

    id = serializers.IntegerField()
    app = serializers.CharField()
    name = serializers.CharField()
    slug = serializers.CharField()
    format = serializers.CharField(help_text="What it is set to; empty: detected.")
    is_active = serializers.BooleanField()
    lines = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="Received in each of the last 60 minutes; empty: none at all.",
    )
    lines_per_s = serializers.FloatField(allow_null=True, help_text="Of the last five minutes.")
    lag_ms = serializers.IntegerField(
        allow_null=True, help_text="Median from event time to arrival over 5 minutes."
    )
    store_ms = serializers.IntegerField(
        allow_null=True, help_text="Median from arrival to being searchable."
    )
    last_at = serializers.DateTimeField(allow_null=True)
    not_stored = serializers.IntegerField(allow_null=True, help_text="Lines in quarantine.")
    not_stored_last_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="Why the newest of them was not stored.")
    formats = serializers.ListField(
        child=serializers.CharField(), help_text="Found in the last day, the latest first."
    )
    keys = KeysSerializer(allow_null=True)


class ActivitySerializer(serializers.Serializer[Any]):
    """How all sources do that the person may see."""

    now = serializers.DateTimeField()
    step_s = serializers.IntegerField()
    queue = BacklogSerializer(allow_null=True)
    sources = SourceFiguresSerializer(many=True)


class ActivityView(APIView):
    """How each source does."""

    permission_classes = (PeopleWithRights,)
    verbs: ClassVar[dict[str, tuple[str, ...]]] = {}
    action = "list"

    @extend_schema(
        operation_id="sources_activity",
        summary="See what each source sends",
        parameters=[OpenApiParameter("app", str, description="Slug of one app.")],
        responses=ActivitySerializer,
        examples=[_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Lines of the last hour, lag, quarantine, last line, formats, keys."""
        sources = Source.objects.filter(app__slug__in=visible_apps(request)).select_related("app")
        shows_keys = request.user.has_perm("ingestion.view_apikey")
        figures = describe_sources(sources, shows_keys=shows_keys)
        return Response(ActivitySerializer(figures).data)
