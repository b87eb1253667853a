"""The control plane over HTTP: shapes, refusals, keys shown once (roles: test_access_matrix)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client

from ingestion.keys import parse_key
from ingestion.models import ApiKey, Source
from logplatform.kernel import clock
from storage.models import App, RetentionPolicy
from tests.clients import Api
from tests.factories import Roles, make_source
from tests.ingestion.test_admin import everything_in_the_database

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(roles: Roles) -> Api:
    return Api(roles.owner)


@pytest.fixture
def member(roles: Roles) -> Api:
    return Api(roles.member)


def bad_fields(error: dict[str, Any]) -> set[str]:
    """Names of the fields an error complains about."""
    assert error["error"]["code"] == "invalid_request"
    return set(error["error"]["data"]["fields"])


def test_an_app_is_opened_with_its_retention(owner: Api) -> None:
    made = owner("POST", "apps", {"name": "Check Out", "retention_days": 14}, status=201)
    assert (made["slug"], made["retention_days"], made["groups"]) == ("check-out", 14, [])
    assert owner("GET", "apps/check-out", status=200) == made
    assert App.objects.get(slug="check-out").retention.days == 14
    assert owner("POST", "apps", {"name": "B"}, status=201)["retention_days"] == 30
    kept = owner("POST", "apps", {"name": "C", "retention_days": None}, status=201)
    assert kept["retention_days"] is None


def test_a_member_names_one_of_their_own_groups(member: Api, roles: Roles) -> None:
    for groups in ([], ["bravo people"], ["nobody"], "alpha people", [7]):
        error = member("POST", "apps", {"name": "New", "groups": groups}, status=400)
        assert bad_fields(error) == {"groups"}
    made = member("POST", "apps", {"name": "New", "groups": ["alpha people"]}, status=201)
    assert made["groups"] == ["alpha people"]


def test_groups_the_caller_does_not_see_are_neither_shown_nor_lost(
    member: Api, roles: Roles
) -> None:
    auditors = Group.objects.create(name="auditors")
    roles.a.app.groups.add(auditors)
    assert member("GET", "apps/alpha", status=200)["groups"] == ["alpha people"]
    member("PATCH", "apps/alpha", {"groups": ["alpha people"]}, status=200)
    assert set(roles.a.app.groups.all()) == {roles.a.group, auditors}


def test_deleting_an_app_needs_its_slug_again_and_ends_its_keys(owner: Api, roles: Roles) -> None:
    for query in ("", "?confirm=", "?confirm=bravo"):
        assert bad_fields(owner("DELETE", f"apps/alpha{query}", status=400)) == {"confirm"}
    sender = Client(headers={"X-API-Key": roles.a.query_key})
    assert sender.get("/api/v1/apps").status_code == 403
    owner("DELETE", "apps/alpha?confirm=alpha", status=204)
    assert sender.get("/api/v1/apps").status_code == 401
    assert not RetentionPolicy.objects.filter(app__slug="alpha").exists()


@pytest.mark.usefixtures("clickhouse")
def test_deleting_an_app_removes_its_lines_and_no_others(owner: Api) -> None:
    from storage import facade
    from storage.facade import LogQuery
    from tests.services import wait_until
    from tests.storage.records import make_frame

    facade.write_logs(make_frame([{"app": "alpha"}, {"app": "bravo"}]), token="t")
    owner("DELETE", "apps/alpha?confirm=alpha", status=204)
    wait_until(lambda: facade.count_logs(LogQuery(apps=("alpha",))) == 0, 20)
    assert facade.count_logs(LogQuery(apps=("bravo",))) == 1


@pytest.mark.usefixtures("clickhouse")
def test_a_slug_that_old_lines_carry_is_not_given_to_a_new_app(member: Api, roles: Roles) -> None:
    from storage import facade
    from tests.storage.records import make_frame

    facade.write_logs(make_frame([{"app": "gone"}]), token="t")
    body = {"name": "Gone", "groups": ["alpha people"]}
    assert bad_fields(member("POST", "apps", body, status=400)) == {"slug"}
    assert not App.objects.filter(slug="gone").exists()
    member("POST", "apps", {**body, "slug": "gone-2"}, status=201)


def test_a_source_is_added_read_changed_and_deleted(member: Api) -> None:
    body = {"app": "alpha", "name": "Web Front", "zone": "Europe/Berlin", "format": "json"}
    made = member("POST", "sources", body, status=201)
    assert (made["slug"], made["zone"], made["is_active"]) == ("web-front", "Europe/Berlin", True)
    path = f"sources/{made['id']}"
    changed = member("PATCH", path, {"is_active": False, "format": ""}, status=200)
    assert (changed["is_active"], changed["format"]) == (False, "")
    listed = member("GET", "sources?app=alpha", status=200)
    assert [row["slug"] for row in listed["results"]] == ["alpha-web", "web-front"]
    member("DELETE", path, status=204)
    member("GET", path, status=404)


def test_a_key_is_shown_in_the_answer_that_issues_it_and_never_again(
    member: Api, roles: Roles
) -> None:
    body = {"source": roles.a.source.pk, "name": "shipper", "scopes": ["query", "ingest"]}
    made = member("POST", "keys", body, status=201)
    key = parse_key(made.pop("key"))
    assert key
    assert made["prefix"] == f"lgs_{key.public_id}_"
    assert made["scopes"] == ["ingest", "query"]
    assert member("GET", f"keys/{made['id']}", status=200) == made
    row = ApiKey.objects.get(pk=made["id"])
    assert row.matches(key)
    assert row.created_by == roles.member
    for text in (
        json.dumps(member("GET", "keys", status=200)),
        everything_in_the_database(),
    ):
        assert key.secret not in text
    assert row.secret_hash not in json.dumps(member("GET", "keys", status=200))


def test_rotating_issues_the_successor_and_ends_the_key_at_once(member: Api, roles: Roles) -> None:
    sender = Client(headers={"X-API-Key": roles.a.ingest_key})
    assert sender.get("/api/v1/apps").status_code == 403
    made = member("POST", f"keys/{roles.a.key.pk}/rotate", status=201)
    assert sender.get("/api/v1/apps").status_code == 401
    successor = Client(headers={"X-API-Key": made["key"]})
    assert successor.get("/api/v1/apps").status_code == 403
    assert made["id"] != roles.a.key.pk
    error = member("POST", f"keys/{roles.a.key.pk}/rotate", status=409)
    assert error["error"]["code"] == "key_not_usable"


def test_revoking_ends_the_key_and_can_be_repeated(member: Api, roles: Roles) -> None:
    first = member("POST", f"keys/{roles.a.key.pk}/revoke", status=200)
    again = member("POST", f"keys/{roles.a.key.pk}/revoke", status=200)
    assert not first["is_usable"]
    assert again["revoked_at"] == first["revoked_at"]


def test_reading_changes_nothing(owner: Api, roles: Roles) -> None:
    for path in ("revoke", "rotate"):
        owner("GET", f"keys/{roles.a.key.pk}/{path}", status=405)
    roles.a.key.refresh_from_db()
    assert roles.a.key.is_usable


UNSETTABLE = [
    ("apps/alpha", {"slug": "other"}),
    ("apps/alpha", {"id": 7, "created_at": "2020-01-01T00:00:00Z"}),
    ("apps/alpha", {"retention": 1, "sources": []}),
    ("sources/{s}", {"app": "bravo"}),
    ("sources/{s}", {"slug": "other"}),
    ("keys/{k}", {"source": "{b}"}),
    ("keys/{k}", {"scopes": ["ingest", "query"]}),
    ("keys/{k}", {"secret_hash": "0" * 64}),
    ("keys/{k}", {"public_id": "0123456789", "created_by": 1}),
    ("keys/{k}", {"revoked_at": None, "last_used_at": None}),
    ("retention/alpha", {"app": "bravo", "days": 3}),
]


@pytest.mark.parametrize(("path", "body"), UNSETTABLE, ids=lambda value: str(value)[:40])
def test_fields_that_are_not_meant_to_be_set_are_refused(
    owner: Api, roles: Roles, path: str, body: dict[str, Any]
) -> None:
    a = roles.a
    before = everything_about(a.app)
    error = owner("PATCH", path.format(s=a.source.pk, k=a.key.pk), body, status=400)
    assert bad_fields(error) == set(body) - {"days"}
    assert everything_about(a.app) == before


def everything_about(app: App) -> list[Any]:
    """All values of an app's rows."""
    sources = Source.objects.filter(app=app)
    keys = ApiKey.objects.filter(source__in=sources)
    rows = [App.objects.filter(pk=app.pk), sources, keys, RetentionPolicy.objects.filter(app=app)]
    return [list(row.values()) for row in rows]


BAD_APPS = {
    "no name": {"slug": "x"},
    "NUL": {"name": "a\x00b"},
    "10 kB": {"name": "x" * 10_000},
    "blank": {"name": "  "},
    "number": {"name": {"a": 1}},
    "no slug possible": {"name": "🔥"},
    "slug of capitals": {"name": "x", "slug": "Shop"},
    "slug taken": {"name": "x", "slug": "alpha"},
    "slug with dots": {"name": "x", "slug": "../../etc"},
    "negative days": {"name": "x", "retention_days": -1},
    "zero days": {"name": "x", "retention_days": 0},
    "half a day": {"name": "x", "retention_days": 1.5},
    "many days": {"name": "x", "retention_days": 9_999_999},
    "days as word": {"name": "x", "retention_days": "many"},
    "days as truth": {"name": "x", "retention_days": True},
    "more than asked": {"name": "x", "is_superuser": True},
}


@pytest.mark.parametrize("body", BAD_APPS.values(), ids=BAD_APPS)
def test_unusable_apps_are_refused_with_the_field_named(owner: Api, body: dict[str, Any]) -> None:
    error = owner("POST", "apps", body, status=400)
    assert bad_fields(error)
    assert App.objects.count() == 2


@pytest.mark.parametrize(
    "name", ["<script>x</script>", "=1+1", "🔥", "\u202egol", "a'b\"c"], ids=ascii
)
def test_strange_names_come_back_as_they_were(owner: Api, name: str) -> None:
    made = owner("POST", "apps", {"name": name, "slug": "odd"}, status=201)
    assert made["name"] == name


@pytest.mark.parametrize("days", [-1, 0, 1.5, 9_999_999, "x", True, [], "", float("1e400")])
def test_unusable_days_are_refused(owner: Api, days: Any) -> None:
    owner("PATCH", "retention/alpha", {"days": days}, status=400)
    assert RetentionPolicy.objects.get(app__slug="alpha").days == 30


def test_days_are_set_and_noted_with_what_they_were(member: Api, roles: Roles) -> None:
    assert member("PATCH", "retention/alpha", {"days": 7}, status=200)["days"] == 7
    assert member("PATCH", "retention/alpha", {"days": None}, status=200)["days"] is None
    bad_fields(member("PATCH", "retention/alpha", {}, status=400))
    notes = LogEntry.objects.filter(user=roles.member).values_list("change_message", flat=True)
    assert any("30 → 7" in note for note in notes)


BAD_SOURCES = {
    "no app": {"name": "x"},
    "other app": {"app": "bravo", "name": "x"},
    "no such zone": {"app": "alpha", "name": "x", "zone": "Mars/Base"},
    "zone as path": {"app": "alpha", "name": "x", "zone": "../../etc/passwd"},
    "no such format": {"app": "alpha", "name": "x", "format": "nope"},
    "slug taken": {"app": "alpha", "name": "x", "slug": "alpha-web"},
    "no slug possible": {"app": "alpha", "name": "🔥"},
}


@pytest.mark.parametrize("body", BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_unusable_sources_are_refused(member: Api, body: dict[str, Any]) -> None:
    bad_fields(member("POST", "sources", body, status=400))
    assert Source.objects.count() == 2


BAD_KEYS = {
    "no scope": {"scopes": []},
    "unknown scope": {"scopes": ["root"]},
    "scopes as text": {"scopes": "ingest"},
    "hundreds of scopes": {"scopes": ["ingest"] * 500},
    "over already": {"expires_at": "2001-01-01T00:00:00Z"},
    "no date": {"expires_at": "tomorrow"},
    "source of another app": {"source": "{b}"},
    "source of huge id": {"source": 10**30},
    "source as truth": {"source": True},
    "own secret": {"secret_hash": "0" * 64},
}


@pytest.mark.parametrize("change", BAD_KEYS.values(), ids=BAD_KEYS)
def test_unusable_keys_are_refused(member: Api, roles: Roles, change: dict[str, Any]) -> None:
    before = ApiKey.objects.count()
    body = {"source": roles.a.source.pk, "name": "x", "scopes": ["ingest"], **change}
    if body["source"] == "{b}":
        body["source"] = roles.b.source.pk
    bad_fields(member("POST", "keys", body, status=400))
    assert ApiKey.objects.count() == before


def test_a_key_may_end_by_itself(member: Api, roles: Roles) -> None:
    ends = (clock.now() + timedelta(days=1)).isoformat()
    body = {"source": roles.a.source.pk, "name": "x", "scopes": ["query"], "expires_at": ends}
    made = member("POST", "keys", body, status=201)
    sender = Client(headers={"X-API-Key": made["key"]})
    assert sender.get("/api/v1/apps").status_code == 403
    member("PATCH", f"keys/{made['id']}", {"expires_at": "2001-01-01T00:00:00Z"}, status=200)
    assert sender.get("/api/v1/apps").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["apps/%00", "apps/ALPHA", "sources/99999999999999999999999999", "keys/0", "retention/%2e%2e"],
)
def test_addresses_of_nothing_are_not_found(owner: Api, path: str) -> None:
    assert owner("GET", path, status=404)["error"]["code"] in ("not_found", "address_not_found")


@pytest.mark.parametrize("query", ["?app=%00", "?page=0", "?page=x", "?page_size=-3", "?source=x"])
def test_odd_parameters_are_never_our_fault(owner: Api, query: str) -> None:
    for path in ("apps", "sources", "keys", "retention"):
        assert owner.client.get(f"/api/v1/{path}{query}").status_code in (200, 400, 404)


def test_lists_come_in_pages_of_a_bounded_size(owner: Api, roles: Roles) -> None:
    for number in range(5):
        make_source(roles.a.app, f"s{number}")
    page = owner("GET", "sources?page_size=3", status=200)
    assert (page["count"], len(page["results"]), page["previous"]) == (7, 3, None)
    assert "page=2" in page["next"]
    assert len(owner("GET", "sources?page_size=100000", status=200)["results"]) == 7


def test_filters_narrow_and_never_widen(member: Api, roles: Roles) -> None:
    for path in ("sources?app=bravo", "keys?app=bravo", "retention?app=bravo"):
        assert member("GET", path, status=200)["results"] == []
    mine = member("GET", f"keys?source={roles.a.source.pk}", status=200)
    assert {row["app"] for row in mine["results"]} == {"alpha"}


@pytest.mark.parametrize(
    "path", ["apps?pag=2", "sources?apps=alpha", "keys?sorce=1", "searches?apps=x"]
)
def test_a_slip_in_a_filter_is_told(owner: Api, path: str) -> None:
    error = owner("GET", path, status=400)["error"]
    assert (error["code"], error["hint"][:12]) == ("unknown_parameter", "Did you mean")


def test_writing_with_a_session_needs_the_csrf_token(roles: Roles) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(roles.owner)
    for content_type in ("application/json", "text/plain"):
        answer = client.post("/api/v1/apps", '{"name": "x"}', content_type=content_type)
        assert answer.status_code == 403
    assert App.objects.count() == 2


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "{", "7", '{"name": NaN}'])
def test_bodies_that_are_no_object_are_refused(owner: Api, body: str) -> None:
    answer = owner.client.post("/api/v1/apps", body, content_type="application/json")
    assert answer.status_code == 400


def test_the_contract_names_the_plaintext_only_where_a_key_is_issued(owner: Api) -> None:
    schema = owner.client.get("/api/schema", headers={"Accept": "application/json"}).json()
    shapes = schema["components"]["schemas"]
    assert "key" in shapes["IssuedKeyOut"]["properties"]
    assert "key" not in shapes["KeyOut"]["properties"]
    assert "hash" not in " ".join(
        name for one in shapes.values() for name in one.get("properties", ())
    )
    assert {"/api/v1/apps", "/api/v1/keys/{id}/rotate"} <= set(schema["paths"])


def test_quotas_and_windows_are_set_by_who_may(member: Api, owner: Api, roles: Roles) -> None:
    source, key = f"sources/{roles.a.source.pk}", f"keys/{roles.a.key.pk}"
    changed = member("PATCH", source, {"daily_bytes": 5000, "window_s": 60}, status=200)
    assert (changed["daily_bytes"], changed["window_s"]) == (5000, 60)
    assert member("PATCH", source, {"daily_bytes": None}, status=200)["daily_bytes"] is None
    assert member("PATCH", key, {"rate_bytes": 0}, status=200)["rate_bytes"] == 0
    refused = member("PATCH", "apps/alpha", {"daily_bytes": 0}, status=400)
    assert "superuser" in str(refused["error"]["data"])
    assert owner("PATCH", "apps/alpha", {"daily_bytes": 9}, status=200)["daily_bytes"] == 9
    assert member("GET", "apps/alpha", status=200)["daily_bytes"] == 9
    for name in ("daily_bytes", "window_s"):
        for bad in (-1, 1.5, True, "many", 10**17, [1]):
            member("PATCH", source, {name: bad}, status=400)
    member("PATCH", source, {"window_s": 86_401}, status=400)


def test_the_successor_of_a_key_keeps_its_rate(member: Api, roles: Roles) -> None:
    member("PATCH", f"keys/{roles.a.key.pk}", {"rate_bytes": 1234}, status=200)
    rotated = member("POST", f"keys/{roles.a.key.pk}/rotate", status=201)
    assert rotated["rate_bytes"] == 1234


@pytest.mark.parametrize("source", ["-1", "0", "1.5", "9" * 30, "1e300", "x"])
def test_a_source_that_cannot_be_is_refused(owner: Api, source: str) -> None:
    answer = owner("GET", f"keys?source={source}", status=400)
    assert answer["error"]["code"] == "invalid_request"
