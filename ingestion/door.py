"""The ASGI layer in front of Django: reads whole bodies, counted, and cuts off at the limit.

Django would spool a body of any size to disk before a view could refuse it, and would take a torn
one for complete. Ingest requests then enter Django's synchronous handler by a single thread hop,
past the middleware that only pages need; everything else goes the usual way. Measured in
docs/decisions/0002.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import orjson
from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponseBase

from ingestion import noted, space
from ingestion.authentication import fresh_identity, sender_of
from ingestion.contracts import Accepted
from ingestion.errors import BodyTooLarge, KeysAway, SlowBody, TornBody
from ingestion.express import MAX_BYTES, ExpressLane
from ingestion.inflight import Meter, Share
from ingestion.protocols import http_protocols
from logplatform.api_errors import platform_error_body
from logplatform.kernel import failpoints
from logplatform.kernel.errors import PlatformError
from logplatform.kernel.jsonlog import request_id
from logplatform.kernel.presence import Presence, asker
from logplatform.middleware import RequestIdMiddleware, request_id_of

BODY_DEADLINE_S = 30.0
_MAX_PAGE_BODY = 5 << 20

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Door:
    """ASGI application for HTTP: ingest paths here, the rest to Django."""

    def __init__(self, pages: Any) -> None:
        self._pages = pages
        self._protocols = {f"/{how.path}": name for name, how in http_protocols().items()}
        self._handler = LeanHandler()
        self._express = ExpressLane()
        self._threads = ThreadPoolExecutor(settings.ENV.web_threads, thread_name_prefix="door")
        env = settings.ENV
        spare_bytes = min(env.max_body_bytes, env.max_inflight_bytes // 4)
        self._held = Meter(env.max_inflight_bytes, spare_bytes=spare_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            protocol = self._protocols.get(scope["path"].rstrip("/"))
            if protocol and scope["method"] == "POST":
                await self._take(protocol, scope, receive, send)
            else:
                presence = Presence()
                asker.set(presence)
                await self._pages(scope, _counted(scope, receive, presence), send)
        except PlatformError as error:
            request_id.set(request_id_of(""))
            await _refuse(error, send, closes=True)

    async def _take(self, protocol: str, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings.ENV.max_body_bytes
        space.check_space()
        announced = _announced(scope, limit)
        app = await self._app_of(scope)
        is_stranger = app is None
        with self._held.share(0 if is_stranger else announced or 0, app=app or "") as share:
            try:
                async with asyncio.timeout(BODY_DEADLINE_S):
                    body, size = await _read(receive, limit, None if is_stranger else share)
            except TimeoutError as error:
                raise SlowBody(seconds=int(BODY_DEADLINE_S)) from error
            if announced is not None and announced != size:
                raise TornBody(received=size, announced=announced)
            if not await self._take_express(protocol, scope, body, send):
                answer = self._handler.answer
                loop = asyncio.get_running_loop()
                response = await loop.run_in_executor(self._threads, answer, scope, body)
                await _reply(response, send)
        failpoints.reach("door.answered")

    async def _app_of(self, scope: Scope) -> str | None:
        """The app of the sender; "" while nobody can say.

        None where the view will refuse it, so that no memory is taken for its body.
        """
        sent = {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"authorization", b"x-api-key")
        }
        identity = fresh_identity(sent)
        if identity is None:
            loop = asyncio.get_running_loop()
            try:
                identity = await loop.run_in_executor(self._threads, sender_of, sent)
            except KeysAway:
                return ""  # for the view to say
        return identity.app if identity and "ingest" in identity.scopes else None

    async def _take_express(self, protocol: str, scope: Scope, body: bytes, send: Send) -> bool:
        """Whether the body was plain enough to be taken, and answered, without the view."""
        if len(body) > MAX_BYTES or scope["query_string"]:
            return False
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        is_plain = len(headers) == len(scope["headers"])
        taken = await self._express.take(protocol, headers, body) if is_plain else None
        if taken is None:
            return False
        request_id.set(request_id_of(headers.get("x-request-id", "")))
        if isinstance(taken, Accepted):
            await _send_json(202, taken.answer, taken.headers, send)
        else:
            await _refuse(taken.error, send, app=taken.app, source=taken.source)
        return True


class LeanHandler(BaseHandler):
    """Django's synchronous handler with nothing around the view but the request id."""

    def __init__(self) -> None:
        super().__init__()
        view: Any = convert_exception_to_response(self._get_response)
        self._chain = RequestIdMiddleware(view)

    def load_middleware(self, is_async: bool = False) -> None:
        """Nothing to load; kept so that nobody loads the pages' middleware by accident."""
        raise AssertionError("BUG: the door has its own middleware")

    def _get_response(self, request: Any) -> HttpResponseBase:
        callback, args, kwargs = self.resolve_request(request)
        response: Any = callback(request, *args, **kwargs)
        rendered: HttpResponseBase = response.render() if hasattr(response, "render") else response
        return rendered

    def answer(self, scope: Scope, body: bytes) -> HttpResponseBase:
        """Run the view for a complete body; runs in a thread."""
        signals.request_started.send(sender=self.__class__, scope=scope)
        request = ASGIRequest(scope, BytesIO(body))
        response = self._chain(request)
        response.close()
        return response


def _announced(scope: Scope, limit: int) -> int | None:
    """The Content-Length; refused before a byte of the body is read if it is over the limit."""
    values = {value for name, value in scope["headers"] if name == b"content-length"}
    if not values:
        return None
    value = values.pop()
    if values or not value.isdigit():
        raise TornBody(received=0, announced=value.decode("latin-1")[:30])
    if int(value) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    return int(value)


async def _read(receive: Receive, limit: int, share: Share | None) -> tuple[bytes, int]:
    """The body and its size; without a share it is heard to the end and not kept."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # Whoever only closed its half still reads; without an answer the server says 500.
            raise TornBody(received=size, announced="more")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit_bytes=limit)
        if share:
            share.cover(size)
            parts.append(part)
        if not message.get("more_body", False):
            return (parts[0] if len(parts) == 1 else b"".join(parts)), size


def _counted(scope: Scope, receive: Receive, presence: Presence) -> Receive:
    """`receive` for pages: ends a request whose body is larger than any form of ours.

    Django asks for more while a view works, which is how a client that left is noticed.
    """
    _announced(scope, _MAX_PAGE_BODY)
    size = 0

    async def counted() -> dict[str, Any]:
        nonlocal size
        message = await receive()
        if message["type"] == "http.disconnect":
            asyncio.get_running_loop().run_in_executor(None, presence.leave)
        size += len(message.get("body", b""))
        return message if size <= _MAX_PAGE_BODY else {"type": "http.disconnect"}

    return counted


async def _reply(response: Any, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    content = response.content
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _refuse(
    error: PlatformError, send: Send, *, closes: bool = False, app: str = "", source: str = ""
) -> None:
    """Answer without Django; `closes` where the rest of the body is not read."""
    noted.refused(error.code, app=app, source=source)
    headers = {"Connection": "close"} if closes else {}
    if error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    await _send_json(error.status, platform_error_body(error), headers, send)


async def _send_json(status: int, body: object, headers: dict[str, str], send: Send) -> None:
    content = orjson.dumps(body)
    named = {
        "content-type": "application/json",
        "content-length": str(len(content)),
        "x-request-id": request_id.get(),
        **headers,
    }
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})
