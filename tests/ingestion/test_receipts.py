"""Receipts over HTTP and what the drain writes into them."""

import gzip
from typing import Any

import pytest
from django.test import Client

from ingestion import queue, receipts
from ingestion.assemble import quarantine_whole
from ingestion.contracts import QueuedEntry
from tests.factories import Roles
from tests.ingestion.feeding import drain_all, make_entry

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"), pytest.mark.django_db]

MIXED = b'{"message":"good"}\n{"cut\n{"message":"too"}\n[1]\n{"also cut'


def put(body: bytes, lines: int, app: str = "alpha", **changes: Any) -> str:
    entry = make_entry(body, app=app, source=f"{app}-web", lines=lines, **changes)
    return queue.enqueue(entry, idempotency_key="", body_hash="").receipt


def ask(key: str, query: str = "", path: str = "receipts") -> Any:
    answer = Client(headers={"Authorization": f"Bearer {key}"}).get(f"/api/v1/{path}{query}")
    return answer.json() if answer.status_code == 200 else answer.json()["error"]["code"]


def test_a_receipt_says_how_it_came_and_why_lines_were_refused(roles: Roles) -> None:
    sent = gzip.compress(MIXED)
    receipt = put(sent, 5, encoding="gzip", size=len(MIXED), strict_json=True)
    waiting = ask(roles.a.ingest_key, path=f"receipts/{receipt}")
    assert (waiting["state"], waiting["done_at"], waiting["reasons"]) == ("queued", None, {})
    drain_all()
    row = ask(roles.a.ingest_key, path=f"receipts/{receipt}")
    assert (row["state"], row["received"], row["stored"], row["quarantined"]) == ("done", 5, 2, 3)
    assert (row["sent_bytes"], row["bytes"]) == (len(sent), len(MIXED))
    assert (row["app"], row["source"], row["protocol"]) == ("alpha", "alpha-web", "native")
    assert sum(row["reasons"].values()) == 3
    assert {error["reason"].split(":")[0] for error in row["errors"]} == set(row["reasons"])
    assert set(waiting) == set(row)
    assert waiting["received_at"] == row["received_at"] <= row["done_at"]


def test_a_body_in_quarantine_as_a_whole_counts_all_its_lines() -> None:
    queued = QueuedEntry(shard=0, stream_id="1-1", entry=make_entry(b"a\nb\nc", lines=3))
    row = quarantine_whole(queued, "not_storable: ValueError").receipts[0]
    assert (row["quarantined"], row["reasons"]) == (3, {"not_storable": 3})


def test_the_list_is_of_the_callers_app(roles: Roles) -> None:
    mine, other = put(b"one", 1), put(b"two", 1, app="bravo")
    drain_all()
    assert [row["receipt"] for row in ask(roles.a.query_key)["results"]] == [mine]
    assert [row["receipt"] for row in ask(roles.b.query_key)["results"]] == [other]
    assert ask(roles.a.query_key, "?app=bravo") == "app_not_found"
    assert ask(roles.a.ingest_key) == "scope_missing"
    assert ask(roles.a.query_key, path=f"receipts/{other}") == "receipt_not_found"


def test_pages_follow_the_cursor_and_filters_narrow(roles: Roles) -> None:
    found = [put(b"line", 1) for _ in range(3)] + [put(b"{cut", 1, strict_json=True)]
    drain_all()
    first = ask(roles.a.query_key, "?limit=3&start=now-1h&app=alpha")
    rest = ask(roles.a.query_key, f"?limit=3&start=now-1h&app=alpha&cursor={first['next']}")
    rows = first["results"] + rest["results"]
    assert sorted(row["receipt"] for row in rows) == sorted(found)
    assert rest["next"] is None
    rejects = ask(roles.a.query_key, "?state=rejects")["results"]
    assert [row["receipt"] for row in rejects] == found[3:]
    assert ask(roles.a.query_key, "?source=other")["results"] == []
    assert ask(roles.a.query_key, "?backend=direct")["results"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?start=yesterday", "invalid_request"),
        ("?end=2026-13-01", "invalid_request"),
        ("?start=now&end=now-1h", "invalid_time_range"),
        ("?limit=0", "invalid_request"),
        ("?limit=1001", "invalid_request"),
        ("?limit=ten", "invalid_request"),
        ("?sate=rejects", "unknown_parameter"),
        ("?state=lost", "invalid_request"),
        ("?backend=quue", "invalid_request"),
        ("?backend=replay", []),
        ("?cursor=abc", "invalid_cursor"),
        ("?cursor=%00", "invalid_request"),
        ("?app=nobody", "app_not_found"),
        ("?app=", []),
        ("?start=1900-01-01&end=2200-01-01&source=%27--", []),
    ],
)
def test_what_cannot_be_asked_is_told(roles: Roles, query: str, code: Any) -> None:
    answer = ask(roles.a.query_key, query)
    assert (answer if isinstance(answer, str) else answer["results"]) == code


def test_every_path_adds_up() -> None:
    receipt = put(MIXED, 5, strict_json=True)
    drain_all()
    outcome = receipts.find_outcome(receipt, ("alpha",))
    assert outcome.received == outcome.stored + outcome.duplicate + outcome.quarantined
