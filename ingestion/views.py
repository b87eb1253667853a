"""The HTTP API of ingestion: the door, receipts, the queue."""

from dataclasses import asdict

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework.exceptions import NotAuthenticated
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ingestion import intake, noted, receipts
from ingestion.authentication import ApiKeyAuthentication
from ingestion.serializers import (
    AcceptedSerializer,
    ErrorSerializer,
    OutcomeSerializer,
    QueueSerializer,
    ReceiptPageSerializer,
    ReceiptParameters,
    ReceiptSerializer,
)
from ingestion.status import queue_status
from logplatform.api_access import KeyIdentity, visible_apps
from logplatform.parameters import InvalidParameter, check_names

_PARAMETERS = ("format", "wait")
_REFUSALS = {
    400: "Nothing was stored: the body cannot be read.",
    401: "Nothing was stored: no key, or none that is valid.",
    403: "Nothing was stored: the key may not `ingest`.",
    408: "Nothing was stored: the body came too slowly.",
    413: "Nothing was stored: too many bytes or lines; split the body.",
    415: "Nothing was stored: an encoding or type that is not read here.",
    422: "Nothing was stored: the Idempotency-Key came with another body before.",
    429: "Nothing was stored: a quota is used up; send it again after Retry-After.",
    503: "Nothing was stored; send it again after Retry-After. With the code `outcome_unknown`, "
    "nobody knows: send it again with the same Idempotency-Key.",
}
_ANSWERS = {
    202: OpenApiResponse(AcceptedSerializer, "Every line is on disk; it will be searchable once."),
    200: OpenApiResponse(OutcomeSerializer, "With `wait`: what became of the lines."),
    **{code: OpenApiResponse(ErrorSerializer, words) for code, words in _REFUSALS.items()},
}
_YES, _NO = ("1", "true", "yes"), ("", "0", "false", "no")


class _RawParser(BaseParser):
    """Leaves every body alone, whatever its type."""

    media_type = "*/*"


class IngestView(APIView):
    """Takes lines in; authenticated by an API key with the `ingest` scope."""

    authentication_classes = (ApiKeyAuthentication,)
    parser_classes = (_RawParser,)
    protocol = ""

    def handle_exception(self, exc: Exception) -> Response:
        """The answer of every API, and a count of what was refused to whom."""
        answer = super().handle_exception(exc)
        _note_refusal(self.request, answer)
        return answer

    @extend_schema(
        operation_id="ingest",
        summary="Send lines",
        description="NDJSON, one JSON object, a JSON array, or lines of text; gzip, deflate, zstd.",
        request={
            "application/x-ndjson": OpenApiTypes.STR,
            "application/json": OpenApiTypes.OBJECT,
            "text/plain": OpenApiTypes.STR,
        },
        parameters=[
            OpenApiParameter(
                "format",
                str,
                description="Fixes the log format of the lines; several are joined by commas.",
            ),
            OpenApiParameter("wait", bool, description="Answer once the lines are stored."),
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="The same key within 24 hours stores nothing twice.",
            ),
            OpenApiParameter(
                "Content-Encoding",
                str,
                OpenApiParameter.HEADER,
                description="gzip, deflate or zstd; gzip and zstd are known without it.",
            ),
        ],
        responses=_ANSWERS,
        examples=[
            OpenApiExample(
                "Two lines",
                media_type="application/x-ndjson",
                value='{"level":"error","message":"boom"}\n{"message":"fine"}',
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """202 with a receipt once every line is on disk."""
        identity = _key_identity(request)
        identity.require("ingest")
        check_names(request.query_params, _PARAMETERS)
        sent = _incoming(request)
        accepted = intake.accept_body(identity, self.protocol, sent)
        outcome = intake.await_outcome(accepted, identity.app) if sent.wants_result else None
        if outcome:
            return Response(asdict(outcome), status=200, headers=accepted.headers)
        return Response(accepted.answer, status=202, headers=accepted.headers)


class ReceiptView(APIView):
    """What became of one request."""

    @extend_schema(operation_id="receipt", summary="Read a receipt", responses=ReceiptSerializer)
    def get(self, request: Request, receipt: str) -> Response:
        """The numbers of a receipt; `received = stored + duplicate + quarantined` once done."""
        return Response(receipts.describe(receipt, _receipt_apps(request)))


class ReceiptsView(APIView):
    """The ledger: what became of requests."""

    @extend_schema(
        operation_id="receipts",
        summary="List receipts",
        parameters=[ReceiptParameters],
        responses=ReceiptPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Finished requests of the caller's apps, newest first."""
        parameters = ReceiptParameters(data=request.query_params)
        check_names(request.query_params, parameters.fields)
        parameters.is_valid(raise_exception=True)
        return Response(receipts.receipts_page(visible_apps(request), **parameters.validated_data))


class QueueView(APIView):
    """How far behind the workers are."""

    @extend_schema(operation_id="queue", summary="Read the backlog", responses=QueueSerializer)
    def get(self, request: Request) -> Response:
        """Backlog, oldest age, lag of each shard, quarantine size of the caller's apps."""
        return Response(queue_status(visible_apps(request)))


def _note_refusal(request: Request, answer: Response) -> None:
    # Asking the request who it is would raise what is being answered.
    identity = getattr(request, "_auth", None)
    names = {}
    if isinstance(identity, KeyIdentity):
        names = {"app": identity.app, "source": identity.source}
    noted.refused(answer.data["error"]["code"], **names)


def _key_identity(request: Request) -> KeyIdentity:
    if not isinstance(request.auth, KeyIdentity):
        raise NotAuthenticated
    return request.auth


def _receipt_apps(request: Request) -> tuple[str, ...]:
    """Apps whose receipts the caller may read: a key of any scope reads those of its own app."""
    return request.auth.apps if isinstance(request.auth, KeyIdentity) else visible_apps(request)


def _incoming(request: Request) -> intake.IncomingBody:
    return intake.IncomingBody(
        body=request._request.body,
        content_type=request.META.get("CONTENT_TYPE", ""),
        encoding=request.META.get("HTTP_CONTENT_ENCODING", ""),
        idempotency_key=request.META.get("HTTP_IDEMPOTENCY_KEY", ""),
        format=",".join(filter(None, request.query_params.getlist("format"))),
        wants_result=_wants_result(request.query_params.get("wait", "")),
    )


def _wants_result(wait: str) -> bool:
    if wait.lower() not in (*_YES, *_NO):
        raise InvalidParameter(name="wait", value=wait[:50], expected="true or false")
    return wait.lower() in _YES
