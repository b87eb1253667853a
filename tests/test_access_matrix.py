"""Who gets what: every address without credentials, every management address for every role."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from analytics.models import Dashboard, SavedSearch
from analytics.saved import urls as saved_urls
from ingestion.authentication import forget_cached_keys
from ingestion.control.urls import router
from ingestion.models import CustomFormat, LookupTable
from storage.models import App
from tests.clients import signed_in
from tests.factories import Roles, Tenant, make_roles, make_user

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# What answers without credentials, and why that is right.
PUBLIC = {
    "/healthz": "the process is alive, nothing else",
    "/readyz": "states of dependencies by name",
    "/metrics": "counters without names of tenants",
    "/login": "the way in",
    "/logout": "the way out",
    "/admin/logout/": "the way out",
    "/admin/login/": "the way in",
    "/api/schema": "the contract",
    "/api/docs": "the contract",
}
REFUSALS = {401, 403, 404, 405}
_FILLERS = ("1", "a", "00000000-0000-0000-0000-000000000000", "auth", "1-1")


def walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """A sample address of every route below a resolver."""
    for entry in resolver.url_patterns:
        piece = before + _sample(entry.pattern.regex.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, piece)
        elif isinstance(entry, URLPattern):
            yield "/" + piece


def _sample(pattern: str) -> str:
    text, names = normalize(pattern)[0]
    for filler in _FILLERS:
        filled = text % dict.fromkeys(names, filler)
        if re.match(pattern, filled):
            return filled
    raise AssertionError(f"No sample fits {pattern}; add one to _FILLERS")


def test_every_address_refuses_strangers_unless_it_is_listed_as_public() -> None:
    stranger = Client(raise_request_exception=False)
    open_doors = []
    for address in sorted(set(walk(get_resolver())) - set(PUBLIC)):
        for method in METHODS:
            answer = stranger.generic(method, address)
            to_login = "login" in answer.get("Location", "")
            if not to_login and answer.status_code not in REFUSALS:
                open_doors.append(f"{method} {address}: {answer.status_code}")
    assert open_doors == []


def test_the_list_of_public_addresses_has_no_dead_entries() -> None:
    assert set(PUBLIC) <= set(walk(get_resolver()))


class People:
    """Clients of all roles over two apps."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        reader = make_user("reader", groups=[roles.a.group], is_staff=True)
        users = {
            "reader": reader,
            "member": roles.member,
            "outsider": roles.outsider,
            "owner": roles.owner,
        }
        self.clients = {name: signed_in(user) for name, user in users.items()}
        for tenant in (roles.a, roles.b):
            CustomFormat(app=tenant.app, name="own", pattern="<message>").save()
        LookupTable(app=roles.a.app, name="hosts", field="host", content="h,team\n1,x\n").save()
        for model in (SavedSearch, Dashboard):
            kept = {"app": roles.a.app, "owner": roles.member, "is_shared": True}
            model.objects.create(name="Alpha's", **kept)
        self.clients["nobody"] = Client()
        for name, key in (("ingest", roles.a.ingest_key), ("query", roles.a.query_key)):
            self.clients[name] = Client(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def people() -> People:
    return People(make_roles())


def row(nobody: int, key: int, reader: int, member: int, outsider: int, owner: int) -> dict:
    """Expected statuses by role; both kinds of keys get the same."""
    return {
        "nobody": nobody,
        "ingest": key,
        "query": key,
        "reader": reader,
        "member": member,
        "outsider": outsider,
        "owner": owner,
    }


LISTED = row(401, 403, 200, 200, 200, 200)
SEEN = row(401, 403, 200, 200, 404, 200)
CHANGED = row(401, 403, 403, 200, 404, 200)
MADE = row(401, 403, 403, 201, 404, 201)
MADE_OR_UNKNOWN = row(401, 403, 403, 201, 400, 201)
GONE = row(401, 403, 403, 204, 404, 204)
RIGHT = row(401, 403, 403, 200, 404, 200)

# Whoever sees the app keeps things of their own, for which no right is needed.
KEPT = row(401, 403, 201, 201, 400, 201)

_TAG = {"app": "{a}", "tag": "new", "fields": ["path"], "words": ["/x"]}
_FORMAT = {"app": "{a}", "name": "new", "pattern": "<ip> <message>"}
_TABLE = {"app": "{a}", "name": "new", "field": "host", "content": "host,team\nweb-1,shop\n"}

# route name, method, address, body, statuses
# {a}: slug, {s}: source, {k}: key, {t}: tag rule, {l}: look-up table, {q}: shared search,
# {d}: shared dashboard, {f}: format of app A
API: list[tuple[str, str, str, dict[str, Any] | None, dict[str, int]]] = [
    ("app-list", "GET", "apps", None, LISTED),
    (
        "app-list",
        "POST",
        "apps",
        {"name": "New", "groups": ["alpha people"]},
        row(401, 403, 403, 201, 400, 201),
    ),
    ("app-detail", "GET", "apps/{a}", None, SEEN),
    ("app-detail", "PATCH", "apps/{a}", {"name": "Other"}, CHANGED),
    ("app-detail", "DELETE", "apps/{a}?confirm={a}", None, GONE),
    ("source-list", "GET", "sources", None, LISTED),
    ("source-list", "POST", "sources", {"app": "{a}", "name": "New"}, MADE_OR_UNKNOWN),
    ("source-detail", "GET", "sources/{s}", None, SEEN),
    ("source-detail", "PATCH", "sources/{s}", {"name": "Other"}, CHANGED),
    ("source-detail", "DELETE", "sources/{s}", None, GONE),
    ("key-list", "GET", "keys", None, row(401, 403, 403, 200, 200, 200)),
    (
        "key-list",
        "POST",
        "keys",
        {"source": "{s}", "name": "New", "scopes": ["ingest"]},
        MADE_OR_UNKNOWN,
    ),
    ("key-detail", "GET", "keys/{k}", None, RIGHT),
    ("key-detail", "PATCH", "keys/{k}", {"name": "Other"}, CHANGED),
    ("key-detail", "DELETE", "keys/{k}", None, GONE),
    ("key-revoke", "POST", "keys/{k}/revoke", None, CHANGED),
    ("key-rotate", "POST", "keys/{k}/rotate", None, MADE),
    ("redaction-list", "GET", "redaction", None, LISTED),
    ("redaction-detail", "GET", "redaction/{s}", None, SEEN),
    ("redaction-detail", "PATCH", "redaction/{s}", {"email": "mask"}, CHANGED),
    ("redaction-preview", "POST", "redaction/{s}/preview", {"lines": ["x"]}, CHANGED),
    ("tag-list", "GET", "tags", None, LISTED),
    ("tag-list", "POST", "tags", _TAG, MADE_OR_UNKNOWN),
    ("tag-detail", "GET", "tags/{t}", None, SEEN),
    ("tag-detail", "PATCH", "tags/{t}", {"tag": "other"}, CHANGED),
    ("tag-detail", "DELETE", "tags/{t}", None, GONE),
    ("table-list", "GET", "tables", None, LISTED),
    ("table-list", "POST", "tables", _TABLE, MADE_OR_UNKNOWN),
    ("table-detail", "GET", "tables/{l}", None, SEEN),
    ("table-detail", "PATCH", "tables/{l}", {"name": "other"}, CHANGED),
    ("table-detail", "DELETE", "tables/{l}", None, GONE),
    ("format-list", "GET", "formats", None, LISTED),
    ("format-list", "POST", "formats", _FORMAT, MADE_OR_UNKNOWN),
    ("format-detail", "GET", "formats/{f}", None, SEEN),
    ("format-detail", "PATCH", "formats/{f}", {"title": "Other"}, CHANGED),
    ("format-detail", "DELETE", "formats/{f}", None, GONE),
    ("format-try-lines", "POST", "formats/{f}/try", {"source": "{s}", "lines": ["x"]}, CHANGED),
    ("format-publish", "POST", "formats/{f}/publish", None, CHANGED),
    (
        "format-roll-back",
        "POST",
        "formats/{f}/roll-back",
        {"number": 1},
        row(401, 403, 403, 404, 404, 404),
    ),
    ("retention-list", "GET", "retention", None, LISTED),
    ("retention-detail", "GET", "retention/{a}", None, SEEN),
    ("retention-detail", "PATCH", "retention/{a}", {"days": 7}, CHANGED),
    ("search-list", "GET", "searches", None, LISTED),
    ("search-list", "POST", "searches", {"app": "{a}", "name": "New"}, KEPT),
    ("search-detail", "GET", "searches/{q}", None, SEEN),
    ("search-detail", "PATCH", "searches/{q}", {"name": "Other"}, CHANGED),
    ("search-detail", "DELETE", "searches/{q}", None, GONE),
    ("search-history", "GET", "searches/history", None, LISTED),
    ("search-history", "POST", "searches/history", {"app": "{a}", "q": "x"}, KEPT),
    ("search-history", "DELETE", "searches/history", None, row(401, 403, 204, 204, 204, 204)),
    ("dashboard-list", "GET", "dashboards", None, LISTED),
    ("dashboard-list", "POST", "dashboards", {"app": "{a}", "name": "New"}, KEPT),
    ("dashboard-detail", "GET", "dashboards/{d}", None, SEEN),
    ("dashboard-detail", "PATCH", "dashboards/{d}", {"name": "Other"}, CHANGED),
    ("dashboard-detail", "DELETE", "dashboards/{d}", None, GONE),
    ("dashboard-defaults", "GET", "dashboards/defaults?app={a}", None, SEEN),
]


@pytest.mark.parametrize(
    ("route", "method", "address", "body", "statuses"),
    API,
    ids=[f"{method} {address}" for _, method, address, _, _ in API],
)
def test_the_api_answers_each_role_as_the_table_says(
    people: People,
    route: str,
    method: str,
    address: str,
    body: dict[str, Any] | None,
    statuses: dict[str, int],
) -> None:
    a = people.roles.a
    names = {**ids_of(a), "a": a.app.slug}
    sent = json.dumps({key: _fill(value, names) for key, value in (body or {}).items()})
    got = {}
    for role in statuses:
        forget_cached_keys()
        before = transaction.savepoint()
        answer = people.clients[role].generic(
            method, f"/api/v1/{address.format(**names)}", sent, content_type="application/json"
        )
        transaction.savepoint_rollback(before)
        got[role] = answer.status_code
        if role in ("ingest", "query"):
            assert answer.json()["error"]["code"] == "people_only"
        if role == "outsider":
            assert a.source.name not in answer.content.decode()
    assert got == statuses


def _fill(value: Any, names: dict[str, Any]) -> Any:
    return value.format(**names) if isinstance(value, str) else value


def test_the_table_covers_every_route_and_method_of_the_control_plane() -> None:
    actions = {"get", "post", "patch", "put", "delete"}
    routes = {
        (pattern.name, method.upper())
        for pattern in (*router.urls, *saved_urls.urlpatterns)
        for method in set(pattern.callback.actions) & actions
    }
    assert routes == {(name, method) for name, method, *_ in API}


# What changes the quarantine; there is nothing in it, which only who sees the app is told.
_CHOICE = {"app": "{a}", "source": "{a}-web"}
_NONE = "00000000-0000-0000-0000-000000000000"
QUARANTINE = [
    ("POST", "quarantine/replay", _CHOICE, row(401, 403, 403, 404, 404, 404), "nothing_to_replay"),
    ("POST", f"quarantine/replays/{_NONE}/cancel", {}, row(401, 403, 403, 404, 404, 404), ""),
    ("DELETE", "quarantine?app={a}&source={a}-web", {}, row(401, 403, 403, 200, 404, 200), ""),
]


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(("method", "address", "body", "statuses", "code"), QUARANTINE)
def test_the_quarantine_is_changed_by_people_with_the_right_only(
    people: People,
    method: str,
    address: str,
    body: dict[str, str],
    statuses: dict[str, int],
    code: str,
) -> None:
    slug = people.roles.a.app.slug
    sent = json.dumps({key: value.format(a=slug) for key, value in body.items()})
    got, codes = {}, {}
    for role in statuses:
        answer = people.clients[role].generic(
            method, f"/api/v1/{address.format(a=slug)}", sent, content_type="application/json"
        )
        got[role] = answer.status_code
        codes[role] = answer.json().get("error", {}).get("code")
    assert got == statuses
    assert codes["ingest"] == codes["query"] == "people_only"
    if code:
        assert (codes["member"], codes["outsider"]) == (code, "app_not_found")


PARSE = [
    ("POST", "parse", {"raw_log": "hello"}),
    ("GET", "parse/formats", None),
    ("GET", "parse/patterns", None),
]


@pytest.mark.parametrize(("method", "address", "body"), PARSE)
def test_whoever_has_a_key_or_an_account_may_try_lines(
    people: People, method: str, address: str, body: dict[str, str] | None
) -> None:
    """Nothing is read and nothing stored; only strangers are refused."""
    got = {}
    for role, client in people.clients.items():
        forget_cached_keys()
        sent = json.dumps(body or {})
        answer = client.generic(method, f"/api/v1/{address}", sent, content_type="application/json")
        got[role] = answer.status_code
    assert got == row(401, 200, 200, 200, 200, 200)


# {a} {s} {k} {p} {r} {t} {l} {q} {d} {slug}: ids of app A
ADMIN_LISTS = [
    "storage/app/",
    "storage/retentionpolicy/",
    "storage/retentionpolicy/preview/",
    "storage/retentionrun/",
    "ingestion/source/",
    "ingestion/source/not-stored/",
    "ingestion/source/receipts/",
    "ingestion/ledgergap/",
    "ingestion/apikey/",
    "ingestion/sourcerules/",
    "ingestion/tagrule/",
    "ingestion/lookuptable/",
    "analytics/savedsearch/",
    "analytics/dashboard/",
    "ingestion/customformat/",
]
ADMIN_OBJECTS = [
    "storage/app/{a}/change/",
    "storage/app/{a}/delete/",
    "storage/app/{a}/history/",
    "storage/retentionpolicy/{p}/change/",
    "storage/retentionpolicy/{p}/history/",
    "ingestion/source/{s}/change/",
    "ingestion/source/{s}/delete/",
    "ingestion/source/{s}/history/",
    "ingestion/source/not-stored/lines/?app={slug}&source={slug}-web",
    "ingestion/source/not-stored/preview/?app={slug}&source={slug}-web",
    "ingestion/source/not-stored/delete/?app={slug}&source={slug}-web",
    "ingestion/apikey/{k}/change/",
    "ingestion/apikey/{k}/delete/",
    "ingestion/apikey/{k}/history/",
    "ingestion/apikey/{k}/rotate/",
    "ingestion/apikey/{k}/revoke/",
    "ingestion/sourcerules/{r}/change/",
    "ingestion/sourcerules/{r}/history/",
    "ingestion/sourcerules/{r}/try/",
    "ingestion/tagrule/{t}/change/",
    "ingestion/tagrule/{t}/delete/",
    "ingestion/tagrule/{t}/history/",
    "ingestion/customformat/{f}/change/",
    "ingestion/customformat/{f}/delete/",
    "ingestion/customformat/{f}/history/",
    "ingestion/lookuptable/{l}/change/",
    "ingestion/lookuptable/{l}/delete/",
    "ingestion/lookuptable/{l}/history/",
    "analytics/savedsearch/{q}/change/",
    "analytics/savedsearch/{q}/delete/",
    "analytics/savedsearch/{q}/history/",
    "analytics/dashboard/{d}/change/",
    "analytics/dashboard/{d}/delete/",
    "analytics/dashboard/{d}/history/",
]
ADMIN_FORMS = [
    "storage/app/add/",
    "ingestion/source/add/",
    "ingestion/apikey/add/",
    "ingestion/tagrule/add/",
    "ingestion/lookuptable/add/",
    "ingestion/customformat/add/",
]
SUPERUSERS_ONLY = [
    "auth/user/",
    "auth/user/add/",
    "auth/group/",
    "django_celery_beat/periodictask/",
    "django_celery_beat/crontabschedule/",
    "django_celery_beat/intervalschedule/",
]


def ids_of(tenant: Tenant) -> dict[str, Any]:
    """What the addresses of a tenant's pages are made of."""
    return {
        "a": tenant.app.pk,
        "s": tenant.source.pk,
        "k": tenant.key.pk,
        "p": tenant.policy.pk,
        "r": tenant.source.rules.pk,
        "t": tenant.app.tag_rules.first().pk,
        "l": tenant.app.tables.get().pk,
        "q": tenant.app.savedsearch_set.get().pk,
        "d": tenant.app.dashboard_set.get().pk,
        "f": tenant.app.formats.get().pk,
        "slug": tenant.app.slug,
    }


def visit(people: People, role: str, page: str) -> Any:
    """A page of the admin as a role gets it."""
    a = people.roles.a
    return people.clients[role].get(f"/admin/{page.format(**ids_of(a))}")


@pytest.mark.parametrize("page", [*ADMIN_LISTS, *ADMIN_FORMS])
def test_lists_and_forms_show_members_their_own_app_only(people: People, page: str) -> None:
    for role, own, other in (("member", "alpha", "bravo"), ("outsider", "bravo", "alpha")):
        text = _text(visit(people, role, page), 200)
        assert f"{other}" not in text.replace(f"{own}", "")
    assert visit(people, "reader", page).status_code == 403
    assert visit(people, "owner", page).status_code == 200
    assert visit(people, "nobody", page)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", ADMIN_OBJECTS)
def test_objects_of_another_app_are_not_there_for_an_outsider(people: People, page: str) -> None:
    assert "lpha" in _text(visit(people, "member", page), 200)
    assert visit(people, "owner", page).status_code == 200
    assert visit(people, "reader", page).status_code in (302, 403)
    answer = visit(people, "outsider", page)
    assert answer.status_code in (302, 404)
    followed = people.clients["outsider"].get("/admin/")
    assert b"lpha" not in answer.content + followed.content


@pytest.mark.parametrize("page", SUPERUSERS_ONLY)
def test_people_groups_and_schedules_are_for_superusers(people: People, page: str) -> None:
    assert visit(people, "owner", page).status_code == 200
    assert visit(people, "member", page).status_code == 403


def test_the_right_to_change_users_does_not_make_a_superuser(people: People) -> None:
    rights = ["auth.view_user", "auth.change_user", "auth.add_user", "auth.change_group"]
    climber = make_user("climber", rights=rights, is_staff=True)
    client = signed_in(climber)
    assert client.get(f"/admin/auth/user/{climber.pk}/change/").status_code == 403
    client.post(f"/admin/auth/user/{climber.pk}/change/", {"is_superuser": "on"})
    climber.refresh_from_db()
    assert not climber.is_superuser


def test_a_person_who_leaves_the_group_sees_the_app_no_more(people: People) -> None:
    people.roles.member.groups.clear()
    assert visit(people, "member", "storage/app/{a}/change/").status_code == 302
    assert people.clients["member"].get("/api/v1/apps").json()["results"] == []


def test_an_inactive_person_sees_nothing(people: People) -> None:
    people.roles.member.is_active = False
    people.roles.member.save()
    assert people.clients["member"].get("/api/v1/apps").status_code == 401
    assert visit(people, "member", "storage/app/").status_code == 302


def test_outsiders_change_nothing_by_posting_to_objects(people: People) -> None:
    a = people.roles.a
    for page in ADMIN_OBJECTS:
        body = {"name": "taken", "days": "1", "post": "yes", "slug": a.app.slug}
        people.clients["outsider"].post(f"/admin/{page.format(**ids_of(a))}", body)
    a.app.refresh_from_db()
    a.policy.refresh_from_db()
    a.key.refresh_from_db()
    assert (a.app.name, a.policy.days, a.key.revoked_at) == ("Alpha", 30, None)
    assert App.objects.count() == 2


def test_bulk_actions_reach_only_the_persons_own_keys(people: People) -> None:
    a, b = people.roles.a, people.roles.b
    body = {"action": "revoke_selected", "_selected_action": [a.key.pk, b.key.pk]}
    people.clients["outsider"].post("/admin/ingestion/apikey/", body)
    a.key.refresh_from_db()
    b.key.refresh_from_db()
    assert (a.key.revoked_at is None, b.key.revoked_at is None) == (True, False)


def _text(answer: Any, status: int) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())
