"""The ingest API with everything real behind it: door, queue, drain, engine."""

import json
import threading

import pytest
from django.test import Client

from ingestion import drain, queue
from tests.ingestion.test_door import send_to_door
from tests.outages import engine_away, queue_away

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("valkey", "clickhouse"),
]


def drain_everything() -> None:
    for shard in queue.shards():
        drain.drain_shard(shard, idle_s=0.01)


def get(path: str, *, key: str = "", user=None):
    client = Client()
    if user:
        client.force_login(user)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.get(path, headers=headers)


def test_a_receipt_can_be_followed_until_its_numbers_add_up(roles) -> None:
    body = b'{"message":"one"}\n{"cut\n{"message":"two"}'
    reply = send_to_door(
        [body], key=roles.a.ingest_key, headers={"content-type": "application/x-ndjson"}
    )[2]
    path = f"/api/v1/receipts/{reply['receipt']}"
    assert get(path, key=roles.a.ingest_key).json()["state"] == "queued"
    drain_everything()
    receipt = get(path, key=roles.a.ingest_key).json()
    assert receipt["state"] == "done"
    assert receipt["received"] == 3
    assert receipt["received"] == sum(receipt[n] for n in ("stored", "duplicate", "quarantined"))
    assert receipt["errors"][0]["line"] == 1


def test_nobody_else_can_read_a_receipt(roles) -> None:
    receipt = send_to_door([b"x"], key=roles.a.ingest_key)[2]["receipt"]
    path = f"/api/v1/receipts/{receipt}"
    for is_done in (False, True):
        if is_done:
            drain_everything()
        assert get(path).status_code == 401
        assert get(path, key=roles.b.ingest_key).status_code == 404
        assert get(path, user=roles.outsider).status_code == 404
        assert get(path, user=roles.member).status_code == 200


def test_waiting_gives_the_numbers_at_once(roles) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            drain_everything()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        status, _, reply = send_to_door(
            [b'[{"message":"a"}, 5]'], key=roles.a.ingest_key, query=b"wait=true"
        )
    finally:
        stop.set()
        worker.join()
    assert status == 200
    assert (reply["received"], reply["stored"], reply["quarantined"]) == (2, 1, 1)
    assert reply["errors"][0]["reason"].startswith("not_an_object")


def test_those_who_wait_cannot_close_the_door(roles, monkeypatch) -> None:
    from ingestion import intake

    seats = threading.BoundedSemaphore(1)
    monkeypatch.setattr(intake, "_waiting_seats", lambda: seats)
    seats.acquire()
    answer = send_to_door([b"x"], key=roles.a.ingest_key, query=b"wait=true")
    assert (answer[0], answer[2]["accepted"]) == (202, 1)


def test_the_format_can_be_fixed_by_the_request(roles) -> None:
    unknown = send_to_door([b"x"], key=roles.a.ingest_key, query=b"format=nope")
    assert (unknown[0], unknown[2]["error"]["code"]) == (400, "unknown_format")
    assert "access_combined" in unknown[2]["error"]["hint"]
    assert send_to_door([b"x"], key=roles.a.ingest_key, query=b"format=text")[0] == 202


def test_quarantined_lines_are_listed_to_their_own_people(roles) -> None:
    send_to_door(
        [b'{"message":"ok"}\n{"cut \xff'],
        key=roles.a.ingest_key,
        headers={"content-type": "application/x-ndjson"},
    )
    drain_everything()
    rows = get("/api/v1/quarantine", user=roles.member).json()["results"]
    assert len(rows) == 1
    assert rows[0]["raw"].startswith('{"cut ')
    assert rows[0]["reason"]
    assert get("/api/v1/quarantine", user=roles.outsider).json()["results"] == []
    assert get("/api/v1/quarantine", key=roles.a.ingest_key).status_code == 403
    assert get(f"/api/v1/quarantine?app={roles.a.app.slug}", user=roles.outsider).status_code == 404
    assert get("/api/v1/quarantine?limit=0", user=roles.member).status_code == 400


def test_the_backlog_is_told(roles) -> None:
    send_to_door([b"12345"], key=roles.a.ingest_key)
    status = get("/api/v1/queue", user=roles.member).json()
    assert (status["entries"], status["bytes"]) == (1, 5)
    assert len(status["shards"]) == len(queue.shards())
    assert get("/api/v1/queue").status_code == 401


def test_the_backlog_is_told_while_the_engine_is_away_for_then_it_is_wanted(roles) -> None:
    send_to_door([b"12345"], key=roles.a.ingest_key)
    with engine_away():
        status = get("/api/v1/queue", user=roles.member).json()
    assert (status["entries"], status["quarantined"]) == (1, None)


@pytest.mark.parametrize("path", ["/api/v1/queue", "/api/v1/receipts/0-1-0"])
def test_questions_about_a_queue_that_is_away_say_so(roles, path: str) -> None:
    with queue_away():
        answer = get(path, user=roles.member)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_unavailable")
    assert int(answer.headers["retry-after"]) > 0


NASTY = {
    "nul bytes": b'{"message":"a\\u0000b"}',
    "lone surrogate": b'{"message":"\\ud800"}',
    "duplicate keys": b'{"message":"one","message":"two"}',
    "numbers as strings": b'{"message":"x","status":"200","timestamp":"1700000000"}',
    "big numbers": b'{"message":"x","n":123456789012345678901234567890}',
    "year 1970": b'{"message":"x","timestamp":"1970-01-01T00:00:00Z"}',
    "year 2999": b'{"message":"x","timestamp":"2999-01-01T00:00:00Z"}',
    "reserved names": b'{"message":"x","app":"bravo","id":"1","source":"y","__proto__":"z"}',
    "html": b'{"message":"<script>alert(1)</script>"}',
    "sql": b'{"message":"\'; drop table logs; --"}',
    "many keys": json.dumps({f"k{n}": n for n in range(3000)}).encode(),
    "long key": json.dumps({"k" * 10_000: "v"}).encode(),
    "deep": b'{"message":"x","a":' + b'{"a":' * 200 + b"1" + b"}" * 201,
    "empty object": b"{}",
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_lines_are_stored_or_quarantined_but_never_lost(roles, name: str) -> None:
    body = NASTY[name] + b'\n{"message":"neighbour"}'
    headers = {"content-type": "application/x-ndjson"}
    status, _, reply = send_to_door([body], key=roles.a.ingest_key, headers=headers)
    assert status == 202
    drain_everything()
    receipt = get(f"/api/v1/receipts/{reply['receipt']}", key=roles.a.ingest_key).json()
    assert receipt["received"] == 2 == receipt["stored"] + receipt["quarantined"]
    start = "1970-01-01T00:00:00Z"
    found = get(f"/api/v1/logs?start={start}", key=roles.a.query_key).json()["results"]
    assert len(found) == receipt["stored"]
    assert "neighbour" in [record["message"] for record in found]
    assert {record["app"] for record in found} == {"alpha"}
