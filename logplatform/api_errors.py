"""Turns every error of the API into `{"error": {code, message, hint, data, request_id}}`."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation, TooManyFieldsSent
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from logplatform.away import sentence_of
from logplatform.kernel.errors import PlatformError
from logplatform.kernel.jsonlog import request_id

logger = logging.getLogger(__name__)

_CODES = {
    400: ("invalid_request", "Compare the request with /api/docs."),
    401: ("not_authenticated", "Send `Authorization: Bearer <key>` or `X-API-Key: <key>`."),
    403: ("permission_denied", "Ask an administrator for the right, or use another key."),
    404: ("not_found", "Check the address; what you may not see is not shown either."),
    405: ("method_not_allowed", "The Allow header names the methods of this address."),
    406: ("not_acceptable", "Ask for application/json."),
    415: ("unsupported_media_type", "Compare the Content-Type with /api/docs."),
    429: ("throttled", "Wait as long as the Retry-After header says."),
}


class ServiceAway(PlatformError):
    """The database or the queue is needed for the answer and cannot be used."""

    code = "service_away"
    status = 503
    message = "A service that is needed for this is not available at the moment."
    hint = "Try again in a few seconds; /readyz says which one it is."
    retry_after_s = 2


def error_body(code: str, message: str, hint: str, data: Any) -> dict[str, Any]:
    """The one shape of an error."""
    return {
        "error": {
            "code": code,
            "message": message,
            "hint": hint,
            "data": data,
            "request_id": request_id.get(),
        }
    }


def platform_error_body(error: PlatformError) -> dict[str, Any]:
    """The shape of an error, filled from a PlatformError."""
    return error_body(error.code, error.text, error.advice, error.data)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. Unexpected errors are logged and answered without details."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        error = exceptions.ParseError(f"The request has more than {most} parameters.")
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError("The request cannot be taken as it is.")
    elif not isinstance(error, PlatformError) and (said := sentence_of(error)):
        logger.warning("The API cannot answer. %s", said)
        error = ServiceAway()
    if isinstance(error, PlatformError):
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
        return Response(platform_error_body(error), status=error.status, headers=headers)
    if isinstance(error, exceptions.APIException):
        return _framework_error(error)
    logger.exception("Unexpected error in the API", exc_info=error)
    unexpected = PlatformError()
    return Response(platform_error_body(unexpected), status=500)


def _framework_error(error: exceptions.APIException) -> Response:
    code, hint = _CODES.get(error.status_code, ("error", PlatformError.hint))
    headers = {}
    if scheme := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    data: Any = {}
    message = str(error.detail)
    if isinstance(error, exceptions.ValidationError):
        data = {"fields": error.detail}
        message = "Some values of the request are not usable."
    return Response(
        error_body(code, message, hint, data), status=error.status_code, headers=headers
    )
