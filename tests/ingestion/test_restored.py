"""The control plane was restored from an older copy: nobody gets in or sees more than before."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion import authentication, receipts
from ingestion.models import ApiKey, Source
from ingestion.quarantine import replays
from ingestion.quarantine.runner import run_replay
from storage import facade as storage
from storage.models import App
from tests import factories
from tests.clients import signed_in
from tests.ingestion.feeding import drain_all, put
from tests.ingestion.test_door import send_to_door
from tests.outages import queue_away

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse", "real_sources"),
]


def status_with(plaintext: str) -> int:
    authentication.forget_cached_keys()
    return send_to_door([b"a line"], key=plaintext)[0]


def test_a_revoked_key_does_not_come_back_to_life(roles) -> None:
    key, plaintext = factories.make_key(roles.a.source, ("ingest",))
    assert status_with(plaintext) == 202
    key.revoke()
    assert status_with(plaintext) == 401
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=None)
    assert status_with(plaintext) == 401


def test_nor_does_a_deleted_one(roles) -> None:
    key, plaintext = factories.make_key(roles.a.source, ("ingest",))
    older_copy = ApiKey.objects.get(pk=key.pk)
    key.delete()
    ApiKey.objects.bulk_create([older_copy])
    assert status_with(plaintext) == 401


def test_a_revocation_while_the_queue_is_away_holds_by_the_database(roles) -> None:
    key, plaintext = factories.make_key(roles.a.source, ("ingest",))
    with queue_away():
        key.revoke()
    assert status_with(plaintext) == 401


def test_lines_of_an_app_nobody_knows_are_shown_to_nobody(roles) -> None:
    """They came after the copy was made; what lies in the queue of such an app as well."""
    put(b"secret of a later app", app="later", source="web")
    drain_all()
    put(b"still in the queue", app="later", source="web")
    assert not App.objects.filter(slug="later").exists()
    for user in (roles.owner, roles.member, roles.outsider):
        client = signed_in(user)
        for path in ("/api/v1/logs", "/api/v1/logs/stats", "/api/v1/receipts"):
            answer = client.get(path, {"range": "24h"})
            assert b"later" not in answer.content, path
        assert client.get("/api/v1/logs", {"app": "later"}).status_code in (403, 404)
    drain_all()


def reasons_page(user: Any) -> str:
    answer = signed_in(user).get("/admin/ingestion/source/not-stored/?days=all")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_bodies_of_an_app_nobody_knows_wait_in_quarantine_until_it_is_made_again(roles) -> None:
    put(f"password=abc {'x' * 9}".encode(), app="later", source="web")
    receipt = put(b"one\ntwo", app="later", source="web")
    put(b"known", app=roles.a.app.slug, source=roles.a.source.slug)
    drain_all()
    outcome = receipts.find_outcome(receipt, ("later",))
    assert (outcome.received, outcome.stored, outcome.quarantined) == (2, 0, 2)
    assert found(roles.a.app.slug) == ["known"]
    page = reasons_page(roles.owner)
    assert "apps that do not exist" in page
    assert ">later</td>" in page
    assert "apps that do not exist" not in reasons_page(roles.member)

    app = App.objects.create(name="Later", slug="later")
    put(b"source is missing", app="later", source="web")
    drain_all()
    reasons = storage.reject_reasons(storage.RejectQuery(apps=("later",)))
    assert {(row.reason_code, row.lines) for row in reasons} == {
        ("unknown_app", 3),
        ("unknown_source", 1),
    }
    Source.objects.create(app=app, name="Web", slug="web")
    assert "apps that do not exist" not in reasons_page(roles.owner)
    replay = replays.start_replay(replays.Choice(app=app, source="web"), user=None)
    assert not run_replay(replay.pk)
    assert sorted(found("later")) == [
        "one",
        "password=[redacted:password] xxxxxxxxx",
        "source is missing",
        "two",
    ]


def test_lines_stored_before_their_app_was_lost_are_named_to_superusers(roles) -> None:
    app = App.objects.create(name="Later", slug="later")
    Source.objects.create(app=app, name="Web", slug="web")
    put(b"of before", app="later", source="web")
    drain_all()
    app.delete()
    assert storage.stray_apps() == {"later": 1}
    assert ">later</td>" in reasons_page(roles.owner)
    App.objects.create(name="Later", slug="later")
    assert found("later") == ["of before"]


def test_a_body_of_a_deleted_source_is_not_stored_without_its_redaction(roles) -> None:
    receipt = put(b"password=abc", app=roles.a.app.slug, source=roles.a.source.slug)
    roles.a.source.delete()
    drain_all()
    assert found(roles.a.app.slug) == []
    assert receipts.find_outcome(receipt, (roles.a.app.slug,)).quarantined == 1


def found(app: str) -> list[str]:
    span = {"start": datetime(1970, 1, 1, tzinfo=UTC), "end": datetime(2100, 1, 1, tzinfo=UTC)}
    page = storage.search_logs(storage.LogQuery(apps=(app,), **span), limit=100)
    return [record["message"] for record in page.records]
