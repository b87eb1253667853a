"""A small HTTP server that keeps the contract of `POST /api/v1/ingest`, for tests of clients.

It is the far side of `ship` and `generate`, where an installation of any version may stand; it can
be told to answer badly. The end-to-end tests use the real door instead.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(kw_only=True)
class FarSide:
    """What arrived, and what to answer.

    Attributes:
        answers: taken first, one a request: (status, headers) of a refusal, or "cut" to store the
            body and close the connection without an answer.
        lines: the lines stored, in order.
    """

    url: str = ""
    key: str = "lgs_test"
    answers: list[Any] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    connections: set[Any] = field(default_factory=set)

    def take(self, body: bytes, idempotency_key: str) -> dict[str, Any]:
        """Store a body once for each idempotency key."""
        if idempotency_key in self.keys:
            return self.receipts[self.keys[idempotency_key]]
        lines = body.split(b"\n")
        lines = lines[:-1] if lines[-1] == b"" else lines
        bad = [line for line in lines if b"BAD" in line]
        self.lines += [line for line in lines if b"BAD" not in line]
        receipt = {
            "receipt": f"0-{len(self.receipts) + 1}",
            "received": len(lines),
            "stored": len(lines) - len(bad),
            "duplicate": 0,
            "quarantined": len(bad),
        }
        self.receipts[receipt["receipt"]] = receipt
        if idempotency_key:
            self.keys[idempotency_key] = receipt["receipt"]
        return receipt


@contextmanager
def far_side() -> Iterator[FarSide]:
    """Serve on a free loopback port while the block runs."""
    state = FarSide()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(state: FarSide) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            state.connections.add(self.client_address)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            parts = urlsplit(self.path)
            state.requests.append(
                {"path": parts.path, "query": parse_qs(parts.query), "headers": dict(self.headers)}
            )
            scripted = state.answers.pop(0) if state.answers else None
            if scripted == "cut":
                state.take(body, self.headers.get("Idempotency-Key", ""))
                self.close_connection = True
                return
            if scripted:
                status, headers = scripted
                error = {"code": "x", "message": "Not now.", "hint": "Do otherwise.", "data": {}}
                self._answer(status, {"error": error}, headers)
                return
            if self.headers["Authorization"] != f"Bearer {state.key}":
                error = {"code": "not_authenticated", "message": "No such key.", "hint": "Get one."}
                self._answer(401, {"error": error}, {})
                return
            receipt = state.take(body, self.headers.get("Idempotency-Key", ""))
            if parse_qs(parts.query).get("wait") == ["true"]:
                self._answer(200, receipt, {})
            else:
                short = {"receipt": receipt["receipt"], "accepted": receipt["received"]}
                self._answer(202, short, {})

        def do_GET(self) -> None:
            receipt = state.receipts[self.path.rpartition("/")[2]]
            self._answer(200, {**receipt, "state": "done"}, {})

        def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str]) -> None:
            payload = json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
