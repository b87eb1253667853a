"""Requests that lead nowhere: people get a page, programs the nearest address in a sentence."""

import functools
import re

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import csrf, defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import EndpointEnumerator

from logplatform.api_errors import platform_error_body
from logplatform.kernel.errors import PlatformError
from logplatform.kernel.nearest import did_you_mean

# Where shippers send in the language of another product.
_INTAKES = re.compile(
    r"/(_bulk|loki/api/v1/push|api/prom/push|v1/logs|api/v2/logs|v1/input|services/collector\b.*"
    r"|gelf|insert/.+|ingest/clef)/?$"
)
_OURS = "Lines are sent to `/api/v1/ingest`; Sources has the text to paste for your shipper. "


class NoSuchAddressError(PlatformError):
    """The path of the request is none of ours."""

    code = "address_not_found"
    status = 404
    message = "There is nothing at this address."
    hint = "{meant}/api/docs lists the addresses there are."


class FormTokenError(PlatformError):
    """A program posted to a page, which takes only its own forms."""

    code = "form_token_missing"
    status = 403
    message = "This address takes only forms of its own pages, which carry a token."
    hint = "{meant}Send with a key to an address below /api/v1; /api/docs lists them."


@csrf_exempt
def nothing_in_api(request: HttpRequest) -> JsonResponse:
    """404 for addresses under /api/ that do not exist, to any method."""
    return _answer(NoSuchAddressError(meant=_meant(request)))


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler404`."""
    if _wants_page(request):
        return defaults.page_not_found(request, exception)
    return _answer(NoSuchAddressError(meant=_meant(request)))


def no_form_token(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's `CSRF_FAILURE_VIEW`."""
    if _wants_page(request):
        return csrf.csrf_failure(request, reason)
    return _answer(FormTokenError(meant=_meant(request)))


def _wants_page(request: HttpRequest) -> bool:
    """Browsers name HTML; programs take anything or JSON."""
    return "text/html" in request.headers.get("Accept", "")


def _answer(error: PlatformError) -> JsonResponse:
    return JsonResponse(platform_error_body(error), status=error.status)


def _meant(request: HttpRequest) -> str:
    if request.method in ("POST", "PUT") and _INTAKES.search(request.path):
        return _OURS
    return did_you_mean(request.path[:200], _addresses())


@functools.cache
def _addresses() -> tuple[str, ...]:
    """Paths of the API that have no id in them, as its schema has them."""
    endpoints = EndpointEnumerator().get_api_endpoints()  # type: ignore[no-untyped-call]  # no types
    return tuple(sorted({path for path, *_ in endpoints if "{" not in path}))
