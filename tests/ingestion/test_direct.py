"""What goes past the queue while it is away: whole and once, whatever breaks in between."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from ingestion import direct, queue
from ingestion.errors import RulesUnavailable
from ingestion.models import DirectWrite
from logplatform.kernel import clock
from storage import facade as storage
from tests.ingestion.test_door import send_to_door
from tests.outages import engine_away, queue_away

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("valkey", "clickhouse"),
]


def messages(roles) -> list[str]:
    found = storage.search_logs(storage.LogQuery(apps=(roles.a.app.slug,)), limit=100)
    return sorted(record["message"] for record in found.records)


def ledger(roles, receipt: str) -> tuple[int, int]:
    row = storage.find_receipt(receipt, apps=(roles.a.app.slug,))
    return (row["received"], row["stored"]) if row else (0, 0)


def long_ago() -> None:
    """Nobody can still be at work on what is noted."""
    DirectWrite.objects.update(created_at=clock.now() - timedelta(minutes=1))


def test_without_a_queue_lines_go_straight_into_the_store(roles) -> None:
    with queue_away():
        status, headers, reply = send_to_door([b"one\ntwo"], key=roles.a.ingest_key)
    assert (status, reply["backend"], reply["accepted"]) == (202, "direct", 2)
    assert messages(roles) == ["one", "two"]
    assert ledger(roles, reply["receipt"]) == (2, 2)
    assert not DirectWrite.objects.exists()


def test_a_body_with_a_key_waits_for_the_queue_which_knows_the_keys(roles) -> None:
    with queue_away():
        status, headers, reply = send_to_door(
            [b"once"], key=roles.a.ingest_key, headers={"idempotency-key": "k"}
        )
    assert (status, reply["error"]["code"], headers["retry-after"]) == (503, "queue_away", "1")
    assert messages(roles) == []


def test_without_queue_and_engine_nothing_is_taken_and_nothing_noted(roles) -> None:
    with queue_away(), engine_away():
        status, _headers, reply = send_to_door([b"x"], key=roles.a.ingest_key)
    assert (status, reply["error"]["code"]) == (503, "no_store")
    assert not DirectWrite.objects.exists()


@pytest.mark.parametrize("step", ["write_logs", "write_receipts"])
def test_what_an_outage_cuts_short_is_finished_once(roles, monkeypatch, step: str) -> None:
    def away(*_: object, **__: object) -> None:
        raise storage.StoreUnavailable()

    with queue_away(), monkeypatch.context() as patch:
        patch.setattr(f"ingestion.drain.storage.{step}", away)
        status, _headers, reply = send_to_door([b"one\ntwo"], key=roles.a.ingest_key)
    assert (status, reply["backend"]) == (202, "direct")
    assert direct.finish_writes() == 0  # it may still be at work
    long_ago()
    assert direct.finish_writes() == 1
    assert messages(roles) == ["one", "two"]
    assert ledger(roles, reply["receipt"]) == (2, 2)
    assert direct.finish_writes() == 0


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("ingestion.assemble.plans.treatment_of", RulesUnavailable()),
        ("ingestion.models.DirectWrite.delete", OperationalError("database is locked")),
    ],
    ids=["before it is read", "after it is stored"],
)
def test_a_database_that_is_away_for_a_moment_stores_nothing_twice(
    roles, monkeypatch, step: str, error: Exception
) -> None:
    """A 5xx would have the sender repeat what is noted and finished anyway."""

    def away(*_: object) -> None:
        raise error

    with queue_away(), monkeypatch.context() as patch:
        patch.setattr(step, away)
        status, _headers, reply = send_to_door([b"one"], key=roles.a.ingest_key)
    assert (status, reply["backend"]) == (202, "direct")
    long_ago()
    assert direct.finish_writes() == 1
    assert messages(roles) == ["one"]
    assert ledger(roles, reply["receipt"]) == (1, 1)


def test_a_crash_after_the_last_insert_changes_nothing(roles, monkeypatch) -> None:
    with queue_away(), monkeypatch.context() as patch:
        patch.setattr(DirectWrite, "delete", lambda _self: None)
        _status, _headers, reply = send_to_door([b"one"], key=roles.a.ingest_key)
    long_ago()
    assert direct.finish_writes() == 1
    assert messages(roles) == ["one"]
    assert ledger(roles, reply["receipt"]) == (1, 1)


def test_what_cannot_be_stored_is_quarantined_not_repeated_for_ever(roles, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("cannot be read")

    with queue_away(), monkeypatch.context() as patch:
        patch.setattr(direct, "assemble", broken)
        status, _headers, reply = send_to_door([b"one"], key=roles.a.ingest_key)
    assert status == 202
    row = storage.find_receipt(reply["receipt"], apps=(roles.a.app.slug,))
    assert (row["received"], row["stored"], row["quarantined"]) == (1, 0, 1)
    assert not DirectWrite.objects.exists()


def test_the_next_body_goes_through_the_queue_again(roles) -> None:
    with queue_away():
        send_to_door([b"x"], key=roles.a.ingest_key)
    _status, _headers, reply = send_to_door([b"y"], key=roles.a.ingest_key)
    assert reply["backend"] == "queue"
    assert queue.queued_entry(reply["receipt"])


def test_an_engine_that_is_gone_while_a_sender_waits_is_no_refusal(roles, monkeypatch) -> None:
    """The body is remembered, and finished later: it must not be sent again."""

    def away(*_: object, **__: object) -> None:
        raise storage.StoreUnavailable()

    with queue_away(), monkeypatch.context() as patch:
        patch.setattr("ingestion.drain.storage.write_receipts", away)
        patch.setattr("ingestion.receipts.storage.find_receipt", away)
        status, _headers, reply = send_to_door([b"x"], key=roles.a.ingest_key, query=b"wait=true")
    assert (status, reply["backend"]) == (202, "direct")
    long_ago()
    assert direct.finish_writes() == 1
    assert ledger(roles, reply["receipt"]) == (1, 1)
