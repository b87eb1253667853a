"""Apps are deleted: whatever was stored, refused or on its way, nothing stays and nothing leaks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ingestion import closing, queue, tasks
from ingestion.models import ClosedApp, Source
from logplatform.kernel import clock
from storage import facade as storage
from storage.models import App
from tests.clients import Api, call, signed_in
from tests.factories import Roles, make_key, make_source
from tests.ingestion.feeding import drain_all
from tests.ingestion.test_admin import everything_in_the_database
from tests.ingestion.test_door import send_to_door
from tests.outages import engine_away, queue_away
from tests.services import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse", "real_sources"),
]

MARKER = "marker-of-alpha"
LINES = f'{{"message":"{MARKER}","service":"{MARKER}"}}\n{{"cut {MARKER}'.encode()
CSV = f"time,message,{MARKER}\n2026-11-01T00:00:00Z,m,1\n".encode()


def send(key: str, body: bytes = LINES) -> str:
    headers = {"content-type": "text/csv" if body == CSV else "application/x-ndjson"}
    status, _, answer = send_to_door([body], key=key, headers=headers)
    assert status == 202
    return answer["receipt"]


def delete(roles: Roles) -> None:
    Api(roles.owner)("DELETE", "apps/alpha?confirm=alpha", status=204)


@contextmanager
def later(hours: float = 1) -> Iterator[None]:
    """Nobody can send to the deleted app any more."""
    with clock.frozen(clock.now() + timedelta(hours=hours)):
        yield


def remove_until_forgotten() -> None:
    """The engine removes in the background, so the task is rung until it has nothing to do."""
    with later():
        wait_until(lambda: tasks.remove_closed() >= 0 and not ClosedApp.objects.exists(), 30)


def everything_in_the_queue(valkey: Any) -> str:
    """Every key of the server with its value."""
    read = {
        b"string": valkey.get,
        b"hash": valkey.hgetall,
        b"set": valkey.smembers,
        b"list": lambda key: valkey.lrange(key, 0, -1),
        b"stream": valkey.xrange,
    }
    return repr([(key, read[valkey.type(key)](key)) for key in valkey.scan_iter()])


def test_nothing_of_a_deleted_app_is_left_anywhere(roles: Roles, valkey: Any) -> None:
    member = signed_in(roles.member)
    call(member, "POST", "searches", {"app": "alpha", "name": "kept", "q": MARKER})
    call(member, "POST", "searches/history", {"app": "alpha", "q": MARKER})
    table = make_source(roles.a.app, "table", format="csv")
    _, table_key = make_key(table, ("ingest",))
    send(roles.a.ingest_key)
    send(table_key, CSV)
    send(roles.b.ingest_key, b'{"message":"of bravo"}')
    drain_all()
    waiting = send(roles.a.ingest_key)
    for store in (everything_in_the_database(), everything_in_the_queue(valkey)):
        assert MARKER in store, "else this test sees nothing"
    delete(roles)
    assert MARKER not in everything_in_the_database()
    assert queue.queued_entry(waiting)
    drain_all()
    remove_until_forgotten()
    assert not storage.holds_app("alpha")
    assert storage.stray_apps() == {}
    assert MARKER not in everything_in_the_queue(valkey)
    assert storage.count_logs(storage.LogQuery(apps=("bravo",))) == 1


def test_what_is_left_of_a_deleted_app_is_offered_to_nobody(roles: Roles) -> None:
    send(roles.a.ingest_key)
    delete(roles)
    drain_all()
    answer = signed_in(roles.owner).get("/admin/ingestion/source/not-stored/?days=all")
    assert storage.holds_app("alpha")
    assert "alpha" not in answer.content.decode()


def test_keys_of_a_deleted_app_are_refused_at_once(roles: Roles) -> None:
    send(roles.a.ingest_key)
    delete(roles)
    assert send_to_door([LINES], key=roles.a.ingest_key)[0] == 401


def test_its_name_is_free_only_when_nothing_of_it_can_come_any_more(roles: Roles) -> None:
    """Else the next one with this name would read what waits in the queue of the one before."""
    send(roles.a.ingest_key)
    delete(roles)
    owner = Api(roles.owner)
    wait_until(lambda: not storage.holds_app("alpha"), 20)
    assert "slug" in owner("POST", "apps", {"name": "Alpha"}, status=400)["error"]["data"]["fields"]
    closing.remove_closed()
    assert ClosedApp.objects.exists(), "a key may still be let in somewhere"
    with later():
        closing.remove_closed()
        assert ClosedApp.objects.exists(), "a body waits"
    drain_all()
    remove_until_forgotten()
    owner("POST", "apps", {"name": "Alpha"}, status=201)
    for path in ("logs", "quarantine", "receipts"):
        answer = owner("GET", f"{path}?app=alpha&start=now-7d", status=200)
        assert answer["results"] == [], path


def test_without_engine_or_queue_it_is_removed_when_they_are_back(roles: Roles) -> None:
    send(roles.a.ingest_key)
    drain_all()
    with engine_away():
        delete(roles)
        with later():
            assert tasks.remove_closed() is None
    with queue_away(), later():
        assert tasks.remove_closed() is None
    assert ClosedApp.objects.exists()
    remove_until_forgotten()
    assert not storage.holds_app("alpha")


def test_an_app_that_a_copy_of_the_database_brings_back_keeps_its_lines(roles: Roles) -> None:
    ClosedApp.objects.create(slug="alpha", closed_at=clock.now() - timedelta(days=1))
    send(roles.a.ingest_key)
    drain_all()
    assert closing.remove_closed() == 0
    assert not ClosedApp.objects.exists()
    assert storage.holds_app("alpha")


def test_an_app_made_after_the_copy_under_a_name_of_before_keeps_its_lines(roles: Roles) -> None:
    """The copy was made between the end of the first app and the beginning of the second."""
    send(roles.a.ingest_key)
    drain_all()
    App.objects.filter(slug="alpha").delete()
    ClosedApp.objects.create(slug="alpha", closed_at=clock.now() - timedelta(days=1))
    assert closing.remove_closed() == 0
    assert not ClosedApp.objects.exists()
    assert storage.holds_app("alpha")


def open_on_page(client: Client) -> str:
    form = {"name": "Later", "source_name": "Web", "key_name": "k", "key_scopes": "query"}
    return client.post("/admin/storage/app/add/", form, follow=True).content.decode()


@pytest.mark.parametrize("way", ["api", "page"])
def test_only_an_owner_takes_the_name_of_an_app_that_the_database_does_not_know(
    roles: Roles, way: str
) -> None:
    """As after a restore; it may be that only refused lines are there."""
    app = App.objects.create(name="Later", slug="later")
    _, key = make_key(Source.objects.create(app=app, name="Web", slug="web"), ("ingest",))
    send(key, b'{"cut\n{"also cut\n{"message":"m"}' if way == "api" else b"text")
    drain_all()
    app.delete()
    body = {"name": "Later", "groups": ["alpha people"]}
    if way == "api":
        told = call(signed_in(roles.member), "POST", "apps", body).json()
        assert "slug" in told["error"]["data"]["fields"]
        Api(roles.owner)("POST", "apps", {"name": "Later"}, status=201)
    else:
        assert "still carry this slug" in open_on_page(signed_in(roles.member))
        assert not App.objects.filter(slug="later").exists()
        open_on_page(signed_in(roles.owner))
    assert App.objects.filter(slug="later").exists()
    found = Api(roles.owner)("GET", "logs?app=later&start=now-1h", status=200)
    assert len(found["results"]) == 1
