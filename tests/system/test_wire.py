"""Nasty bytes on the wire of a running installation: an answer or a closed connection, no rows."""

import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import ask, queue_rest

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

LIMIT = 1 << 20
LINE = b'{"message":"from the wire"}\n'
HEADER_LIMIT_S = 20


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation that takes bodies up to a megabyte."""
    up = Up(tmp_path_factory.mktemp("wire") / "data", MAX_BODY_BYTES=str(LIMIT))
    up.start()
    yield up
    up.stop()


@pytest.fixture
def rows(up: Up) -> Iterator[int]:
    """Rows of before; afterwards the queue is empty again."""
    yield stored(up)
    settle(up)


def settle(up: Up) -> None:
    wait_until(lambda: queue_rest(up)["entries"] == 0, 30)


def stored(up: Up) -> int:
    settle(up)
    return int(ask(up, "SELECT count() AS n FROM logs")[0]["n"])


def head(up: Up, *headers: str, method: str = "POST", path: str = "/api/v1/ingest") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{up.port}"]
    lines += [f"Authorization: Bearer {up.first_run['ingest_key']}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def connected(up: Up) -> socket.socket:
    return socket.create_connection(("127.0.0.1", up.port), timeout=20)


def everything(wire: socket.socket) -> bytes:
    """What comes until the other side closes, or until it says nothing for two seconds."""
    wire.settimeout(2)
    parts = []
    with suppress(OSError):
        while part := wire.recv(65536):
            parts.append(part)
    return b"".join(parts)


def talk(up: Up, sent: bytes, *, half_close: bool = False) -> bytes:
    with connected(up) as wire:
        with suppress(OSError):
            wire.sendall(sent)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
        return everything(wire)


def status(answer: bytes) -> int:
    """The status of the first answer; 0 where the connection was closed without one."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0


def test_a_whole_body_is_taken_with_a_length_and_in_chunks(up: Up, rows: int) -> None:
    plain = head(up, f"Content-Length: {len(LINE)}", "Connection: close") + LINE
    chunked = head(up, "Transfer-Encoding: chunked", "Connection: close")
    chunked += b"%x\r\n%b\r\n0\r\n\r\n" % (len(LINE), LINE)
    assert [status(talk(up, plain)), status(talk(up, chunked))] == [202, 202]
    assert stored(up) == rows + 2


def test_a_sender_that_resets_in_the_middle_leaves_nothing(up: Up, rows: int) -> None:
    with connected(up) as wire:
        wire.sendall(head(up, "Content-Length: 50000") + LINE)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert stored(up) == rows


@pytest.mark.parametrize(
    "rest",
    [("Content-Length: 500", LINE), ("Transfer-Encoding: chunked", b"1b\r\n" + LINE + b"\r\n")],
    ids=["shorter than announced", "no last chunk"],
)
def test_a_sender_that_ends_early_leaves_nothing(up: Up, rows: int, rest) -> None:
    header, body = rest
    assert status(talk(up, head(up, header) + body, half_close=True)) in (0, 400)
    assert stored(up) == rows


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 28", "Content-Length: 5"),
        ("Content-Length: -1",),
        ("Content-Length: abc",),
        ("Content-Length: +28",),
        ("Content-Length: 0x1c",),
        ("Content-Length: 28", "Content-Length: 28, 28"),
    ],
    ids=["two", "negative", "word", "plus", "hex", "list"],
)
def test_lengths_that_can_be_read_in_two_ways_are_refused(up: Up, rows: int, headers) -> None:
    assert status(talk(up, head(up, *headers) + LINE)) in (0, 400)
    assert stored(up) == rows


def test_chunks_beat_a_length_and_end_the_connection(up: Up, rows: int) -> None:
    """RFC 9112, 6.1: the server may process such a request, then it has to close."""
    sent = head(up, "Content-Length: 3", "Transfer-Encoding: chunked")
    sent += b"%x\r\n%b\r\n0\r\n\r\n" % (len(LINE), LINE)
    answer = talk(up, sent + sent)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()
    assert stored(up) == rows + 1


def test_a_length_over_the_limit_is_refused_before_the_body(up: Up, rows: int) -> None:
    for extra in ((), ("Expect: 100-continue",)):
        assert status(talk(up, head(up, f"Content-Length: {LIMIT + 1}", *extra))) == 413
    assert stored(up) == rows


def test_chunks_over_the_limit_are_cut_off(up: Up, rows: int) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer = talk(up, head(up, "Transfer-Encoding: chunked") + chunk * (LIMIT // 65536 + 1))
    assert status(answer) in (0, 413)
    assert stored(up) == rows


@pytest.mark.parametrize(
    "headers",
    [["X-Big: " + "x" * (1 << 20)], [f"X-{number}: x" for number in range(10_000)]],
    ids=["one of a megabyte", "ten thousand"],
)
def test_headers_beyond_reason_are_refused(up: Up, rows: int, headers) -> None:
    assert status(talk(up, head(up, "Content-Length: 28", *headers) + LINE)) in (0, 400, 431)
    wait_until(lambda: up.answers("/healthz"), 30)
    assert stored(up) == rows


@pytest.mark.parametrize(
    "noise",
    [b"GET /\r\n\r\n", b"\x00\xff\xfe garbage\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"],
    ids=["HTTP/0.9", "garbage", "TLS hello"],
)
def test_what_is_not_http_is_closed(up: Up, noise: bytes) -> None:
    assert status(talk(up, noise, half_close=True)) in (0, 400)
    wait_until(lambda: up.answers("/healthz"), 30)


def test_slow_headers_end_and_others_are_served_meanwhile(up: Up) -> None:
    slow = [connected(up) for _ in range(300)]
    try:
        for wire in slow:
            wire.sendall(b"POST /api/v1/ingest HTT")
        wait_until(lambda: up.answers("/healthz"), 30)
        began = time.monotonic()
        slow[0].settimeout(3 * HEADER_LIMIT_S)
        with suppress(ConnectionError):
            while slow[0].recv(4096):
                pass
        assert time.monotonic() - began < 3 * HEADER_LIMIT_S
    finally:
        for wire in slow:
            wire.close()


def test_a_connection_that_rests_as_long_as_senders_keep_theirs_stays_open(up: Up) -> None:
    with connected(up) as wire:
        for pause_s in (16, 0):
            wire.sendall(head(up, f"Content-Length: {len(LINE)}") + LINE)
            assert b"HTTP/1.1 202" in wire.recv(65536)
            time.sleep(pause_s)


def test_pipelined_requests_are_all_answered_and_counted(up: Up, rows: int) -> None:
    one = head(up, f"Content-Length: {len(LINE)}") + LINE
    with connected(up) as wire:
        wire.sendall(one * 100)
        answers = b""
        deadline = time.monotonic() + 30
        while answers.count(b"HTTP/1.1 202") < 100 and time.monotonic() < deadline:
            answers += wire.recv(65536)
    assert answers.count(b"HTTP/1.1 202") == 100
    assert stored(up) == rows + 100


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_with_what_is_allowed(up: Up, rows: int, method: str) -> None:
    answer = talk(up, head(up, f"Content-Length: {len(LINE)}", method=method) + LINE)
    assert status(answer) == 405
    assert b"\r\nallow: post" in answer.lower()
    assert stored(up) == rows


@pytest.mark.parametrize(
    "path",
    [
        "//api//v1//ingest",
        "/api/v1/%252e%252e/v1/ingest",
        "/api/v1/ingest/../../v1/ingest",
        "/API/V1/INGEST",
    ],
)
def test_other_spellings_of_the_path_do_not_get_around_the_door(
    up: Up, rows: int, path: str
) -> None:
    answer = talk(up, head(up, f"Content-Length: {len(LINE)}", path=path) + LINE)
    assert status(answer) in (0, 400, 403, 404)
    assert stored(up) == rows


def test_the_key_decides_the_tenant_whatever_else_the_request_says(up: Up, rows: int) -> None:
    headers = ("X-Scope-OrgID: ../../x", "X-Forwarded-For: 1.2.3.4, <script>")
    sent = head(
        up, f"Content-Length: {len(LINE)}", *headers, "Connection: close",
        path="/api/v1/ingest?app=other&source=x&project=y",
    )  # fmt: skip
    assert status(talk(up, sent + LINE)) == 202
    assert stored(up) == rows + 1
    assert {row["app"] for row in ask(up, "SELECT DISTINCT app FROM logs")} == {up.first_run["app"]}


def test_a_key_in_the_address_is_no_key(up: Up, rows: int) -> None:
    key = up.first_run["ingest_key"]
    url = f"http://127.0.0.1:{up.port}/api/v1/ingest"
    for name in ("key", "api_key", "token", "access_token"):
        assert httpx.post(url, params={name: key}, content=LINE).status_code == 401
    assert stored(up) == rows


def test_no_answer_shows_what_is_inside(up: Up) -> None:
    """After all of the above: no traceback, and the process that served it still runs."""
    assert '"Traceback' not in up.text()
    wait_until(lambda: up.answers("/readyz"), 30, up.text)


def test_no_log_holds_a_key_or_what_was_sent(up: Up) -> None:
    """After all of the above. The welcome of the first start shows the keys, once."""
    log = up.text().partition("It works")[2]
    shown = [up.first_run[name] for name in ("ingest_key", "query_key", "password")]
    kept = json.loads((up.folder / "secrets.json").read_text()).values()
    for secret in ("from the wire", *shown, *kept):
        assert secret not in log
