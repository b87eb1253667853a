"""How each source does: figures of what came, was late, was refused, and in which format."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ingestion import drain, queue, seen_formats
from ingestion.models import ApiKey
from logplatform.kernel import clock
from storage import facade
from tests.clients import signed_in
from tests.factories import Roles, make_user
from tests.ingestion.feeding import make_entry
from tests.outages import engine_away, queue_away
from tests.storage.records import AT, make_frame
from tests.storage.rejects import reject

pytestmark = pytest.mark.django_db
MINE = {"app": "alpha", "source": "alpha-web"}


def figures(client: Client, **given: str) -> dict[str, Any]:
    answer = client.get("/api/v1/sources/activity", given)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def only(client: Client) -> dict[str, Any]:
    [source] = figures(client)["sources"]
    return dict(source)


def receipt(number: int, minutes_ago: int, lines: int) -> dict[str, Any]:
    return {
        **MINE,
        "receipt": f"0-{number}",
        "received_at": AT - timedelta(minutes=minutes_ago),
        "backend": "queue",
        "protocol": "native",
        "received": lines,
        "stored": lines,
        **dict.fromkeys(("duplicate", "quarantined", "joined", "bytes", "sent_bytes"), 0),
        "reasons": {},
        "errors": "[]",
        "id_key": number,
    }


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_lines_by_minute_rate_lag_and_the_last_line(roles: Roles) -> None:
    with clock.frozen(AT):
        early = {"timestamp": AT - timedelta(seconds=42), "received_at": AT}
        facade.write_logs(make_frame([MINE | early] * 3), token="t")
        facade.write_receipts([receipt(1, 2, 600), receipt(2, 0, 7)], token="t")
        found = only(signed_in(roles.member))
    assert (len(found["lines"]), found["lines"][-3:]) == (60, [600, 0, 7])
    assert round(found["lines_per_s"], 2) == round(607 / 241, 2)
    assert found["lag_ms"] == 42_000
    assert found["last_at"] == "2026-11-22T10:00:00Z"
    assert (found["not_stored"], found["reason"]) == (0, "")


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_a_silent_source_tells_when_it_last_said_something(roles: Roles) -> None:
    then = AT - timedelta(days=3, hours=2)
    facade.write_logs(make_frame([MINE | {"timestamp": then, "received_at": then}]), token="t")
    old = {"timestamp": then - timedelta(days=90), "received_at": then, "source": "imported"}
    facade.write_logs(make_frame([MINE | old]), token="u")
    with clock.frozen(AT):
        found = only(signed_in(roles.member))
        far = facade.source_activity(["alpha"], now=AT)["alpha", "imported"]
    assert found["last_at"] == "2026-11-19T08:00:00Z"
    assert (found["lag_ms"], found["lines_per_s"], sum(found["lines"])) == (None, 0, 0)
    assert far.last_at == then.replace(hour=0), "an old line counts from the day it came"


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_refused_lines_are_counted_with_the_newest_reason(roles: Roles) -> None:
    reject(MINE, MINE, MINE | {"reason_code": "too_long", "reason": "too_long: 2 MB"})
    found = only(signed_in(roles.member))
    assert found["not_stored"] == 3
    assert found["reason"].startswith(("not_json", "too_long"))


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_a_source_that_never_sent_has_no_figures(roles: Roles) -> None:
    found = only(signed_in(roles.member))
    assert (found["lines"], found["last_at"], found["lag_ms"], found["formats"]) == ([], None) + (
        None,
        [],
    )
    assert found["keys"] == {"total": 2, "may_send": 1, "last_used_at": None, "expires_at": None}


@pytest.mark.usefixtures("one_shard", "clickhouse", "valkey")
def test_the_formats_of_stored_lines_are_remembered() -> None:
    body = b'10.0.0.7 - - [11/Feb/2026:06:43:36 +0000] "GET /a HTTP/1.1" 404 577 "-" "curl/8"'
    queue.enqueue(make_entry(body, lines=1), idempotency_key="", body_hash="")
    queue.enqueue(make_entry(b'{"message": "x"}', lines=1), idempotency_key="", body_hash="")
    assert drain.drain_shard(0, idle_s=0.05) == 2
    assert set(seen_formats.seen_formats({"shop"})["shop", "web"]) == {"access_combined", "json"}
    assert seen_formats.seen_formats({"other"}) == {}
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert seen_formats.seen_formats({"shop"}) == {}


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_keys_are_told_only_to_who_may_see_keys(roles: Roles) -> None:
    reader = make_user("reader", groups=[roles.a.group])
    assert only(signed_in(reader))["keys"] is None
    ApiKey.objects.filter(pk=roles.a.key.pk).update(revoked_at=clock.now())
    assert only(signed_in(roles.member))["keys"]["may_send"] == 0


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_one_sees_the_sources_of_ones_own_apps_only(roles: Roles) -> None:
    assert [s["app"] for s in figures(signed_in(roles.outsider))["sources"]] == ["bravo"]
    assert len(figures(signed_in(roles.owner))["sources"]) == 2
    answer = signed_in(roles.member).get("/api/v1/sources/activity", {"app": "bravo"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "app_not_found")
    key = {"headers": {"Authorization": f"Bearer {roles.a.query_key}"}}
    answer = Client().get("/api/v1/sources/activity", **key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "people_only")
    assert Client().get("/api/v1/sources/activity").status_code == 401


@pytest.mark.usefixtures("valkey")
def test_without_the_engine_the_settings_are_still_told(roles: Roles) -> None:
    with engine_away():
        found = only(signed_in(roles.member))
    assert (found["name"], found["lines"], found["not_stored"]) == ("Alpha-Web", None, None)


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_without_the_queue_the_lines_are_still_told(roles: Roles) -> None:
    with queue_away():
        found = figures(signed_in(roles.member))
    assert found["queue"] is None
    assert found["sources"][0]["lines"] == []
