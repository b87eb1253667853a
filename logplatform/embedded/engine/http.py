"""The HTTP interface: one thread a connection, one connection to the data folder a request."""

import base64
import binascii
import hmac
import json
import logging
import secrets
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from logplatform.embedded.engine.body import TornBodyError, read_body
from logplatform.embedded.engine.database import Database, Outcome, Session
from logplatform.embedded.engine.errors import EngineError, bad_request, from_chdb
from logplatform.embedded.engine.guard import Guard
from logplatform.embedded.engine.request import (
    EngineRequest,
    read_form,
    read_parameters,
    read_request,
)
from logplatform.embedded.engine.statement import Kind
from logplatform.embedded.engine.watch import DisconnectWatcher

log = logging.getLogger(__name__)

_MAX_LINE_BYTES = 1 << 20  # clients put bound parameters into the URL
_CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "CSVWithNames": "text/csv; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
    "Parquet": "application/octet-stream",
}


class EngineServer(ThreadingHTTPServer):
    """Serves one database on one address."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self,
        address: tuple[str, int],
        database: Database,
        guard: Guard,
        *,
        password: str,
        password_file: str,
    ) -> None:
        self.database, self.guard = database, guard
        self.password, self.password_file = password, password_file
        self.watcher = DisconnectWatcher(database.cancel)
        self.is_stopping = False
        self._busy = 0
        self._idle = threading.Condition()
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """What a connection ended with; that its client left in the middle is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            log.exception("a connection broke")

    def enter(self) -> None:
        """A request begins."""
        with self._idle:
            self._busy += 1

    def leave(self) -> None:
        """A request is answered."""
        with self._idle:
            self._busy -= 1
            self._idle.notify_all()

    def drain(self, *, timeout_s: float) -> bool:
        """Wait for running requests; false when some still run after the time."""
        self.is_stopping = True
        with self._idle:
            return self._idle.wait_for(lambda: self._busy == 0, timeout_s)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: EngineServer
    protocol_version = "HTTP/1.1"
    server_version = "logplatform-engine"
    sys_version = ""
    wbufsize = 64 << 10
    disable_nagle_algorithm = True
    timeout = 600  # of an idle connection, and of one write to a client that does not read

    def handle_one_request(self) -> None:
        """As the base class does it, with a longer request line."""
        try:
            self.raw_requestline = self.rfile.readline(_MAX_LINE_BYTES + 1)
            if not self.raw_requestline or len(self.raw_requestline) > _MAX_LINE_BYTES:
                self.close_connection = True
                return
            if self.parse_request():
                self._answer()
                self.wfile.flush()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def _answer(self) -> None:
        self.server.enter()
        self._has_answered = False
        try:
            self._route()
        except TornBodyError:
            log.warning("request dropped: its body ended early")
            self.close_connection = True
        except EngineError as error:
            self._send_error(error)
        except (TimeoutError, ConnectionError):
            raise
        except Exception:
            log.exception("request failed")
            if self._has_answered:
                raise ConnectionAbortedError from None
            self._send_error(EngineError(1000, "STD_EXCEPTION", "Internal error of the engine"))
        finally:
            self.server.leave()

    def _route(self) -> None:
        url = urlsplit(self.path)
        self.close_connection |= self.server.is_stopping
        if self.command not in ("GET", "POST", "HEAD"):
            raise bad_request(f"{self.command} is not taken; use GET or POST")
        if url.path == "/ping":
            self._send(200, b"Ok.\n", {"Content-Type": "text/html; charset=UTF-8"})
        elif url.path == "/":
            self._query(read_parameters(url.query))
        else:
            self.close_connection = True
            self._send(404, b"There is no handle " + url.path.encode() + b"\n", {})

    def _query(self, parameters: dict[str, str]) -> None:
        if refusal := self._check_password(parameters):
            self.close_connection = True  # the body is left unread
            raise refusal
        is_get = self.command != "POST"
        headers = cast("Mapping[str, str]", self.headers)  # it has `get`, which is all they use
        body = read_body(cast("BinaryIO", self.rfile), headers, needs_length=not is_get)
        content_type = self.headers.get("Content-Type", "")
        with body:
            if content_type.startswith("multipart/form-data"):
                parameters |= read_form(body, content_type)
            request, rest, rows = read_request(parameters, headers, body, is_get=is_get)
            with self.server.database.session(request) as session:
                if request.statement.kind is Kind.INSERT_DATA:
                    self.server.guard.check_space()
                    outcome = session.insert(rows, rest)
                    self.server.guard.check_parts()
                    self._send_outcome(request, outcome)
                elif self._streams(request, session):
                    self._send_stream(request, session)
                else:
                    self._send_outcome(request, self._run(request, session))

    def _run(self, request: EngineRequest, session: Session) -> Outcome:
        if request.statement.kind is not Kind.SELECT:
            return session.run()
        with self.server.watcher.watching(request.query_id, self.connection):
            return session.run()

    def _streams(self, request: EngineRequest, session: Session) -> bool:
        """ClickHouse streams as well, unless told to wait for the end of the query."""
        is_possible = request.statement.kind is Kind.SELECT and session.can_stream
        return is_possible and not request.waits_for_end and self.request_version == "HTTP/1.1"

    def _check_password(self, parameters: dict[str, str]) -> EngineError | None:
        """Basic, X-ClickHouse-* headers or URL parameters, whichever is there."""
        if not self.server.password:
            return None
        user, given = self._credentials(parameters)
        is_right = hmac.compare_digest(given.encode(), self.server.password.encode())
        if is_right and user in ("default", ""):
            return None
        return EngineError(
            516,
            "AUTHENTICATION_FAILED",
            f"{user or 'default'}: Authentication failed: password is incorrect, or there is no "
            f"user with such name. The user is 'default', the password is in "
            f"{self.server.password_file}.",
        )

    def _credentials(self, parameters: dict[str, str]) -> tuple[str, str]:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with suppress(binascii.Error, UnicodeDecodeError):
                user, _, password = base64.b64decode(token).decode().partition(":")
                return user, password
        if "X-ClickHouse-Key" in self.headers:
            return self.headers.get("X-ClickHouse-User", ""), self.headers["X-ClickHouse-Key"]
        return parameters.get("user", ""), parameters.get("password", "")

    def _head(self, request: EngineRequest, summary: Outcome) -> dict[str, str]:
        content_type = _CONTENT_TYPES.get(request.output_format, "text/plain; charset=UTF-8")
        return {
            "Content-Type": content_type,
            "X-ClickHouse-Query-Id": request.query_id,
            "X-ClickHouse-Format": request.output_format,
            "X-ClickHouse-Timezone": self.server.database.timezone,
            "X-ClickHouse-Summary": json.dumps(summary.summary(), separators=(",", ":")),
        }

    def _send_outcome(self, request: EngineRequest, outcome: Outcome) -> None:
        self._send(200, outcome.data, self._head(request, outcome))

    def _send_stream(self, request: EngineRequest, session: Session) -> None:
        stream = session.stream()
        try:
            with self.server.watcher.watching(request.query_id, self.connection):
                first = next(stream, b"")
                if first:
                    self._send_chunks(request, chain((first,), stream))
                    return
        finally:
            stream.close()
        # Some formats have a head even when there is no row.
        self._send_outcome(request, self._run(request, session))

    def _send_chunks(self, request: EngineRequest, pieces: Iterator[bytes]) -> None:
        """An error after the first piece leaves the body without its end: no client takes it."""
        tag = secrets.token_hex(8)
        head = self._head(request, Outcome())
        self._send_head(
            200, {**head, "X-ClickHouse-Exception-Tag": tag, "Transfer-Encoding": "chunked"}
        )
        try:
            for piece in pieces:
                self._send_chunk(piece)
        except (RuntimeError, EngineError) as error:
            self._send_late_error(str(error), tag)
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send_chunk(self, piece: bytes) -> None:
        if piece:
            self.wfile.write(b"%x\r\n" % len(piece))
            self.wfile.write(piece)
            self.wfile.write(b"\r\n")
            self.wfile.flush()

    def _send_late_error(self, text: str, tag: str) -> None:
        """ClickHouse's block of an error after the headers (25.11 and later), then a hard end."""
        error = from_chdb(text)
        log.warning("query failed while its result was sent", extra={"code": error.code})
        message = error.body(self.server.database.version).encode()
        mark = tag.encode()
        self._send_chunk(
            b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n"
            % (mark, message, len(message), mark)
        )
        self.wfile.flush()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_error(self, error: EngineError) -> None:
        level = logging.ERROR if error.status >= 500 else logging.INFO
        log.log(level, "refused", extra={"code": error.code, "name_": error.name})
        self._send(
            error.status,
            error.body(self.server.database.version).encode(),
            {
                "Content-Type": "text/plain; charset=UTF-8",
                "X-ClickHouse-Exception-Code": str(error.code),
            },
        )

    def _send(self, status: int, body: memoryview | bytes, headers: dict[str, str]) -> None:
        self._send_head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self._has_answered = True
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close" if self.close_connection else "Keep-Alive")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: query texts may hold data."""
