"""Middleware of our own: request ids and the content security policy."""

import random
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from logplatform.kernel.jsonlog import request_id

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self' {websocket}; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'; manifest-src 'self'"
)
# The admin theme and the API browser bring inline styles and expressions of their own.
_POLICY_THIRD_PARTY = _POLICY.replace(
    "script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'"
).replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_THIRD_PARTY = ("/admin/", "/api/docs")

Handler = Callable[[HttpRequest], HttpResponse]


def request_id_of(given: str) -> str:
    """The sender's id if it is a sane one, else a new one."""
    return given if _GIVEN_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


class RequestIdMiddleware:
    """Gives each request an id (the sender's, if it is a sane one) for logs, errors and replies."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(request_id_of(request.headers.get("X-Request-Id", "")))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class ContentSecurityMiddleware:
    """Sends the content security policy and forbids caches to keep pages and answers."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = _POLICY_THIRD_PARTY if request.path.startswith(_THIRD_PARTY) else _POLICY
        host = request.headers.get("Host", "")
        scheme = "wss" if request.is_secure() else "ws"
        if not re.fullmatch(r"[A-Za-z0-9.\-:\[\]]+", host):
            host = "localhost"
        response.headers.setdefault(
            "Content-Security-Policy", policy.format(websocket=f"{scheme}://{host}")
        )
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
