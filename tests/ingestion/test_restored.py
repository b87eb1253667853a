"""The control plane was restored from an older copy: nobody gets in or sees more than before."""

import pytest

from ingestion import authentication
from ingestion.models import ApiKey
from storage.models import App
from tests import factories
from tests.clients import signed_in
from tests.ingestion.feeding import drain_all, put
from tests.ingestion.test_door import send_to_door
from tests.outages import queue_away

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
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
