"""Refuses WebSocket handshakes from pages of other origins.

Channels' own validator compares host names only; another port or scheme of the same host would
pass, so scheme, host and port are compared here with the address the browser used. A program that
brings an API key and no Origin is let through: browsers always send one and cannot add the key.
"""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host

_KEY_HEADERS = frozenset({b"authorization", b"x-api-key"})
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class OriginCheck:
    """ASGI middleware in front of every WebSocket."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        is_program = b"origin" not in headers and not _KEY_HEADERS.isdisjoint(headers)
        if is_program or is_own_origin(origin, host, is_tls=scope.get("scheme") == "wss"):
            return await self.application(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)


def is_own_origin(origin: str, host: str, *, is_tls: bool) -> bool:
    """Whether a page at `origin` is served by us at `host` (the Host header) or PUBLIC_URL."""
    given = _parts(origin)
    if given is None:
        return False
    own = _parts(f"{'https' if is_tls else 'http'}://{host}")
    is_known_host = own is not None and validate_host(own[1], settings.ALLOWED_HOSTS)
    return (is_known_host and given == own) or given == _parts(settings.PUBLIC_URL)


def _parts(url: str) -> tuple[str, str, int] | None:
    try:
        split = urlsplit(url)
        port = split.port or _PORTS.get(split.scheme, 0)
    except ValueError:
        return None
    if split.scheme not in ("http", "https") or not split.hostname:
        return None
    return split.scheme, split.hostname, port
