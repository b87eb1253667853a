"""Django behind the event loop: one thread a request, and an end when the client leaves."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from logplatform.page_layer import PageLayer

seen: list[str] = []


def _where(request: HttpRequest) -> HttpResponse:
    seen.append(threading.current_thread().name)
    return HttpResponse(request.body or b"empty")


class _Endless:
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"piece"
                await asyncio.sleep(0)
        finally:
            seen.append("ended")

    def close(self) -> None:
        seen.append("closed")


urlpatterns = [
    path("where", _where),
    path("endless", lambda request: StreamingHttpResponse(_Endless())),
]


class _Marks:
    """Middleware that notes its thread on both ways."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen.append(threading.current_thread().name)
        response: HttpResponse = self.get_response(request)
        seen.append(threading.current_thread().name)
        return response


@pytest.fixture
def layer() -> Any:
    seen.clear()
    chain = [
        f"{__name__}._Marks",
        "django.middleware.common.CommonMiddleware",
        f"{__name__}._Marks",
    ]
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=chain, ALLOWED_HOSTS=["*"]):
        yield PageLayer()


def ask(layer: PageLayer, name: str, *, body: bytes = b"", leaves_after: int = 0) -> list[Any]:
    """What is sent; the client leaves after so many messages, if it does."""
    sent: list[Any] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def run() -> None:
        has_left = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if given:
                return given.pop()
            await has_left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if len(sent) == leaves_after:
                has_left.set()

        scope = {
            "type": "http", "method": "POST" if body else "GET", "path": f"/{name}",
            "query_string": b"", "headers": [(b"content-length", str(len(body)).encode())],
        }  # fmt: skip
        await asyncio.wait_for(layer(scope, receive, send), 10)

    asyncio.run(run())
    return sent


def test_middleware_and_view_are_one_thread(layer: PageLayer) -> None:
    start, body = ask(layer, "where", body=b"a form")
    assert (start["status"], body["body"]) == (200, b"a form")
    assert len(seen) == 5
    assert len(set(seen)) == 1
    assert seen[0].startswith("page")


def test_a_stream_ends_when_the_client_leaves(layer: PageLayer) -> None:
    start, *pieces = ask(layer, "endless", leaves_after=5)
    assert start["status"] == 200
    assert {piece["body"] for piece in pieces} == {b"piece"}
    assert [word for word in seen if word in ("ended", "closed")] == ["ended", "closed"]


def test_a_client_that_leaves_before_its_body_is_whole_gets_nothing(layer: PageLayer) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        seen.append("sent")

    asyncio.run(layer({"type": "http"}, receive, send))
    assert seen == []
