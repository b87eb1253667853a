"""A live tail as a client sees it, through the whole WebSocket stack and without a server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import orjson
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from ingestion import tail
from tests.clients import signed_in

HOST = "localhost:8000"
ORIGIN = f"http://{HOST}"
TIMEOUT_S = 5


def session_of(user: User) -> str:
    """The session cookie of somebody who signed in."""
    return signed_in(user).cookies["sessionid"].value


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run an async scenario to its end."""
    asyncio.run(scenario())


class Watcher:
    """One connection."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        from logplatform.asgi import application

        address, _, query = path.partition("?")
        scope = {"type": "websocket", "scheme": "ws", "path": address, "headers": headers}
        scope |= {"query_string": query.encode(), "subprotocols": []}
        self.communicator = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        """Shake hands; whether the server let us in."""
        await self.communicator.send_input({"type": "websocket.connect"})
        answer = await self.communicator.receive_output(TIMEOUT_S)
        return answer["type"] == "websocket.accept"

    async def message(self) -> dict[str, Any]:
        """The next message."""
        output = await self.communicator.receive_output(TIMEOUT_S)
        assert output["type"] == "websocket.send", output
        return orjson.loads(output["text"])

    async def close_code(self) -> int:
        """The code the server closes with; messages before it are passed over."""
        while True:
            output = await self.communicator.receive_output(TIMEOUT_S)
            if output["type"] == "websocket.close":
                return output["code"]

    async def say(self, content: object) -> None:
        """Send a JSON message."""
        await self.say_text(orjson.dumps(content).decode())

    async def say_text(self, text: str) -> None:
        """Send a text frame as it is."""
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def say_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        await self.communicator.send_input({"type": "websocket.receive", "bytes": data})

    async def is_silent(self, for_s: float) -> bool:
        """Whether nothing comes for a while."""
        return await self.communicator.receive_nothing(for_s, interval=0.02)

    async def leave(self) -> None:
        """Close the connection and wait until the server is done with it."""
        await self.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.communicator.wait(TIMEOUT_S)


@asynccontextmanager
async def watching(
    app: str = "alpha", q: str = "", *, session: str = "", key: str = "", origin: str = ORIGIN
) -> AsyncIterator[Watcher]:
    """A connection that was let in."""
    watcher = Watcher(
        f"/ws/tail?{urlencode({'app': app, 'q': q})}", headers_of(session, key, origin)
    )
    assert await watcher.connect()
    try:
        yield watcher
    finally:
        await watcher.leave()


def headers_of(session: str, key: str, origin: str) -> list[tuple[bytes, bytes]]:
    """The headers of a handshake."""
    headers = [(b"host", HOST.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    if session:
        headers.append((b"cookie", f"sessionid={session}".encode()))
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return headers


def record(message: str, **fields: object) -> dict[str, Any]:
    """A record as workers publish it, as far as a tail looks at it."""
    return {"id": message, "message": message, "level": "INFO", **fields}


async def publish(
    messages: list[str],
    *,
    app: str = "alpha",
    q: str = "",
    origin: str = "worker-1",
    total: int = 0,
    dropped: int = 0,
) -> None:
    """What a worker sends to the group of a subscription."""
    event = {
        "type": "tail.logs",
        "records": [record(text) for text in messages],
        "origin": origin,
        "total": total,
        "dropped": dropped,
    }
    await get_channel_layer().group_send(tail.group_name(app, q), event)
