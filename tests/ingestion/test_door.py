"""The ASGI door: whole bodies only, counted, cut off at the limit."""

import asyncio
import gzip
import json
from dataclasses import replace

import pytest
import zstandard
from django.db import OperationalError

from ingestion import authentication, door, queue
from ingestion.door import Door

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("valkey", "clickhouse"),
]

LINE = b'{"message": "one"}'


async def _pages(scope, receive, send) -> None:
    """Stands behind the door: reads its body like Django does, answers 200."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass
    status = 200 if message["type"] == "http.request" else 499
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def send_to_door(
    chunks: list[bytes],
    *,
    key: str = "",
    headers: dict[str, str] | None = None,
    path: str = "/api/v1/ingest",
    method: str = "POST",
    query: bytes = b"",
    ends: bool = True,
):
    """Run one request: (status, headers, JSON or bytes), or None where no reply was sent."""
    given = {"host": "localhost", "authorization": f"Bearer {key}", **(headers or {})}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query, "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if ends:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    messages.append({"type": "http.disconnect"})
    sent: list[dict] = []

    async def receive() -> dict:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(Door(_pages)(scope, receive, send))
    if not sent:
        return None
    reply_headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    is_json = reply_headers.get("content-type", "").startswith("application/json")
    return sent[0]["status"], reply_headers, json.loads(body) if is_json else body


def queued() -> int:
    return sum(queue.client().xlen(queue.stream_key(shard)) for shard in queue.shards())


def test_a_body_in_any_number_of_chunks_is_accepted_whole(tenant) -> None:
    body = b"\n".join([LINE] * 10)
    chunks = [body[start : start + 7] for start in range(0, len(body), 7)]
    status, headers, reply = send_to_door(chunks, key=tenant.ingest_key)
    assert (status, reply["accepted"], reply["backend"]) == (202, 10, "queue")
    assert headers["x-receipt-id"] == reply["receipt"]
    assert headers["x-request-id"]
    assert queued() == 1


def test_a_sender_that_goes_away_leaves_nothing(tenant) -> None:
    status, _, reply = send_to_door([LINE], key=tenant.ingest_key, ends=False)
    assert (status, reply["error"]["code"]) == (400, "torn_body")
    assert queued() == 0


@pytest.mark.parametrize("announced", ["5", "500", "-1", "abc", "+18", "0x12"])
def test_a_body_that_is_not_as_long_as_announced_is_refused(tenant, announced) -> None:
    status, _, reply = send_to_door(
        [LINE], key=tenant.ingest_key, headers={"content-length": announced}
    )
    assert (status, reply["error"]["code"]) == (400, "torn_body")
    assert queued() == 0


def test_the_limit_holds_announced_and_counted(tenant, settings) -> None:
    settings.ENV = replace(settings.ENV, max_body_bytes=100)
    for headers in ({"content-length": "101"}, {}):
        status, sent, reply = send_to_door(
            [b"x" * 60, b"x" * 41], key=tenant.ingest_key, headers=headers
        )
        assert (status, reply["error"]["code"]) == (413, "body_too_large")
        assert reply["error"]["request_id"] == sent["x-request-id"] != ""
    assert send_to_door([b"x" * 60, b"x" * 40], key=tenant.ingest_key)[0] == 202


def test_pages_have_a_limit_of_their_own() -> None:
    big = b"x" * (3 << 20)
    assert send_to_door([LINE], path="/admin/")[0] == 200
    assert send_to_door([big, big], path="/admin/")[0] == 499
    assert send_to_door([], path="/admin/", headers={"content-length": str(6 << 20)})[0] == 413


@pytest.mark.parametrize(
    ("which", "status", "code"),
    [
        ("none", 401, "not_authenticated"),
        ("garbage", 401, "not_authenticated"),
        ("query", 403, "scope_missing"),
        ("revoked", 401, "not_authenticated"),
        ("expired", 401, "not_authenticated"),
        ("inactive source", 401, "not_authenticated"),
    ],
)
def test_keys_that_may_not_send_leave_nothing(tenant, which, status, code) -> None:
    from django.utils import timezone

    key = {"none": "", "garbage": "lgs_x_y", "query": tenant.query_key}.get(
        which, tenant.ingest_key
    )
    if which == "revoked":
        tenant.source.keys.get(scopes=["ingest"]).revoke()
    elif which == "expired":
        tenant.source.keys.update(expires_at=timezone.now())
    elif which == "inactive source":
        tenant.source.__class__.objects.filter(pk=tenant.source.pk).update(is_active=False)
    answer = send_to_door([LINE], key=key)
    assert (answer[0], answer[2]["error"]["code"]) == (status, code)
    assert queued() == 0


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, b"", 400, "empty_body"),
        ({"content-type": "application/json"}, b'{"cut', 400, "not_decodable"),
        ({"content-encoding": "br"}, LINE, 415, "unknown_encoding"),
        ({"content-encoding": "gzip"}, LINE, 400, "bad_encoding"),
        ({"content-type": "multipart/form-data"}, LINE, 415, "unsupported_content_type"),
        ({"idempotency-key": "x" * 256}, LINE, 400, "bad_idempotency_key"),
        ({"idempotency-key": "x" * 10_000}, LINE, 400, "bad_idempotency_key"),
        ({"idempotency-key": " "}, LINE, 400, "bad_idempotency_key"),
        ({"idempotency-key": "clé"}, LINE, 400, "bad_idempotency_key"),
        ({"content-type": "text/plain; charset=utf-16"}, LINE, 415, "unsupported_content_type"),
    ],
)
def test_unusable_requests_leave_nothing(tenant, headers, body, status, code) -> None:
    answer = send_to_door([body], key=tenant.ingest_key, headers=headers)
    assert (answer[0], answer[2]["error"]["code"]) == (status, code)
    assert answer[2]["error"]["hint"]
    assert queued() == 0


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_a_compressed_body_needs_no_header(tenant, encoding, compress) -> None:
    """Twice, as the first post of a key takes another way than the next."""
    for _ in range(2):
        status, _, reply = send_to_door([compress(LINE + b"\n" + LINE)], key=tenant.ingest_key)
        assert (status, reply["accepted"]) == (202, 2)
        entry = queue.queued_entry(reply["receipt"]).entry
        assert (entry.encoding, entry.size) == (encoding, 37)


@pytest.mark.parametrize("wait", [b"wait=banana", b"wait=2", b"wait=on"])
def test_a_wait_that_says_neither_yes_nor_no_is_told(tenant, wait) -> None:
    status, _, reply = send_to_door([LINE], key=tenant.ingest_key, query=wait)
    assert (status, reply["error"]["code"]) == (400, "invalid_parameter")
    assert queued() == 0


def test_formats_may_be_said_one_by_one(tenant) -> None:
    query = b"format=access_combined&format=json"
    _, _, reply = send_to_door([LINE], key=tenant.ingest_key, query=query)
    assert queue.queued_entry(reply["receipt"]).entry.format == "access_combined,json"


@pytest.mark.parametrize("query", [b"formatt=json", b"wiat=true", b"Format=nginx"])
def test_a_slip_in_a_parameter_is_told_and_leaves_nothing(tenant, query) -> None:
    status, _, reply = send_to_door([LINE], key=tenant.ingest_key, query=query)
    assert (status, reply["error"]["code"]) == (400, "unknown_parameter")
    assert "“" in reply["error"]["hint"] or "`" in reply["error"]["hint"]
    assert queued() == 0


def test_a_parameter_of_somebody_else_is_let_be(tenant) -> None:
    assert send_to_door([LINE], key=tenant.ingest_key, query=b"utm_source=x")[0] == 202


def test_one_idempotency_key_gets_one_receipt(tenant) -> None:
    first, again = (
        send_to_door([LINE], key=tenant.ingest_key, headers={"idempotency-key": "k"})[2]
        for _ in range(2)
    )
    other = send_to_door([LINE + LINE], key=tenant.ingest_key, headers={"idempotency-key": "k"})
    assert first == again
    assert (other[0], other[2]["error"]["code"]) == (422, "idempotency_mismatch")
    assert queued() == 1


def test_a_full_queue_says_when_to_come_back(tenant, settings) -> None:
    settings.ENV = replace(settings.ENV, queue_max_bytes=10)
    status, headers, reply = send_to_door([LINE], key=tenant.ingest_key)
    assert (status, reply["error"]["code"]) == (503, "backlog_full")
    assert int(headers["retry-after"]) > 0


def test_other_methods_are_not_taken_at_the_door(tenant) -> None:
    assert send_to_door([], method="GET", key=tenant.ingest_key)[0] == 200


@pytest.fixture
def no_database(monkeypatch) -> None:
    """The control plane cannot be asked."""

    def away(_public_id: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(authentication, "CACHE_S", 0.0)
    monkeypatch.setattr(authentication, "_look_up", away)


def test_a_key_seen_lately_holds_while_the_control_plane_is_away(tenant, request) -> None:
    assert send_to_door([LINE], key=tenant.ingest_key)[0] == 202
    request.getfixturevalue("no_database")
    assert send_to_door([LINE], key=tenant.ingest_key)[0] == 202
    assert queued() == 2


def test_an_unknown_key_waits_while_the_control_plane_is_away(tenant, no_database) -> None:
    status, headers, reply = send_to_door([LINE], key=tenant.ingest_key)
    assert (status, reply["error"]["code"]) == (503, "keys_away")
    assert int(headers["retry-after"]) > 0
    assert queued() == 0


def test_a_body_that_does_not_come_in_time_is_refused(tenant, monkeypatch) -> None:
    monkeypatch.setattr(door, "BODY_DEADLINE_S", 0.05)
    sent: list[dict] = []

    async def receive() -> dict:
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits that long")

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/ingest", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {tenant.ingest_key}".encode())],
    }  # fmt: skip
    asyncio.run(Door(_pages)(scope, receive, send))
    assert sent[0]["status"] == 408
    assert queued() == 0
