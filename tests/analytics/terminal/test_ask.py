"""What a terminal does when something else answers than an installation."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from websockets.sync.server import Server, ServerConnection, serve

from analytics.terminal.ask import Question, newest
from logplatform.remote.client import BadKey, BadTarget, RemoteClient, Target, Unavailable


class Stranger(ThreadingHTTPServer):
    """Answers 200 with `body` to everything."""

    body = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Stranger)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


BODIES = {
    "a page": b"<html>",
    "nothing": b"",
    "a list": b"[]",
    "other JSON": b'{"results": 7}',
    "no UTF-8": b"\xff",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_answer_of_ours_is_said_in_a_sentence(stranger: Stranger, body: bytes) -> None:
    stranger.body = body
    with pytest.raises(BadTarget):
        newest(RemoteClient(Target(url=stranger.url, key="k")), Question(), 10)


def test_pages_are_asked_until_there_are_enough(stranger: Stranger) -> None:
    """It answers the same page for ever; only as many as wanted are taken, oldest first."""
    stranger.body = json.dumps({"results": [{"id": "b"}, {"id": "a"}], "next": "c"}).encode()
    found = newest(RemoteClient(Target(url=stranger.url, key="k")), Question(), 5)
    assert [record["id"] for record in found] == ["b", "a", "b", "a", "b"]
    assert newest(RemoteClient(Target(url=stranger.url, key="k")), Question(), 0) == []


@pytest.mark.parametrize(
    ("url", "key", "error"),
    [
        ("http://", "k", BadTarget),
        ("ftp://x", "k", BadTarget),
        ("http://[", "k", BadTarget),
        ("http://x:port", "k", BadTarget),
        ("http://x\n", "k", BadTarget),
        ("http://x", "k\r\nX-Evil: 1", BadKey),
        ("http://x", "schlüssel", BadKey),
    ],
)
def test_addresses_and_keys_that_are_none_are_refused(url: str, key: str, error: type) -> None:
    with pytest.raises(error):
        RemoteClient(Target(url=url, key=key))


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        newest(RemoteClient(Target(url="http://127.0.0.1:9", key="k")), Question(), 1)


@pytest.fixture
def tail_of() -> Iterator[Any]:
    """A WebSocket that says one thing and closes."""
    servers: list[Server] = []

    def start(text: str | bytes) -> str:
        def say(connection: ServerConnection) -> None:
            connection.send(text)

        server = serve(say, "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("text", ["hello", "[]", "{}", b"\xff", '{"type": "error"}'], ids=repr)
def test_a_tail_that_speaks_something_else_ends_with_a_sentence(tail_of: Any, text: Any) -> None:
    with pytest.raises(CommandError, match="not the address of an installation"):
        call_command("logs", "x", "--tail", "--url", tail_of(text), "--key", "k")


def test_a_tail_has_no_end() -> None:
    with pytest.raises(CommandError, match="--until"):
        call_command("logs", "x", "--tail", "--until", "now", "--url", "http://x", "--key", "k")
