"""The ASGI layer that serves static files: what WhiteNoise holds ready, without Django in between.

A page is forty small modules; each through all middleware and two threads cost more than the page
itself.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What a page gets from middleware; nothing here is a page.
_SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class StaticLayer:
    """ASGI application for HTTP: static files here, the rest to `pages`."""

    def __init__(self, pages: Any) -> None:
        self._pages = pages
        self._files = WhiteNoiseMiddleware()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        file = self._file(path) if path.startswith(self._files.static_prefix) else None
        if file is None:
            await self._pages(scope, receive, send)
        else:
            await _serve(file, scope, send)

    def _file(self, path: str) -> Any:
        if settings.WHITENOISE_AUTOREFRESH:
            return self._files.find_file(path)
        return self._files.files.get(path)


async def _serve(file: Any, scope: Scope, send: Send) -> None:
    asked = {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": text.decode("latin-1")
        for name, text in scope["headers"]
    }
    answer = file.get_response(scope["method"], asked)
    headers = [(name.lower().encode(), text.encode()) for name, text in answer.headers]
    await send(
        {"type": "http.response.start", "status": int(answer.status), "headers": headers + _SAFE}
    )
    body = b""
    if answer.file is not None:
        with answer.file:
            body = answer.file.read()
    await send({"type": "http.response.body", "body": body})
