"""The parse API: tries lines, lists formats and named patterns; any key, and people."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingestion.trial.serializers import (
    FormatListSerializer,
    NamedPatternListSerializer,
    ParseAnswerSerializer,
    ParseRequestSerializer,
)
from logplatform.api_access import KeyIdentity

if TYPE_CHECKING:
    from ingestion.trial.service import Origin


class ParseView(APIView):
    """What lines would become."""

    @extend_schema(
        operation_id="parse",
        summary="Try lines",
        description="Exactly what would be stored, with the settings of the key's source; stores "
        "nothing. A key of any scope, or a session.",
        request=ParseRequestSerializer,
        responses=ParseAnswerSerializer,
        examples=[
            OpenApiExample(
                "One line",
                value={"raw_log": "Feb 11 06:43:36 web-1 sshd[77]: Connection closed by 10.0.0.9"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """The record of each line, or the reason why there is none."""
        from ingestion.trial.service import try_lines

        asked = ParseRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = try_lines(
            asked.body(),
            origin=_origin(request),
            formats=asked.validated_data.get("format") or "",
            is_text="lines" in asked.validated_data,
        )
        return Response(asdict(found))


class FormatsView(APIView):
    """The log formats."""

    @extend_schema(
        operation_id="parse_formats", summary="List formats", responses=FormatListSerializer
    )
    def get(self, request: Request) -> Response:
        """Every format with its title, example lines and fields; with a key also its app's own."""
        from ingestion.trial.service import known_formats

        origin = _origin(request)
        return Response({"formats": known_formats(origin.app, origin.own_formats)})


class PatternsView(APIView):
    """The named patterns."""

    @extend_schema(
        operation_id="parse_patterns", summary="List patterns", responses=NamedPatternListSerializer
    )
    def get(self, request: Request) -> Response:
        """Every named pattern, for building a format of one's own."""
        from parsing import named_patterns

        return Response({"patterns": [asdict(each) for each in named_patterns().values()]})


def _origin(request: Request) -> "Origin":
    from ingestion.trial.service import Origin

    key = request.auth
    if not isinstance(key, KeyIdentity):
        return Origin()
    return Origin(
        app=key.app,
        source=key.source,
        format=key.format,
        zone=key.zone,
        multiline=key.multiline,
        own_formats=key.own_formats,
    )
