"""Apps, sources and keys in the admin: opened in one go, keys shown once, nothing leaks."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from ingestion.keys import parse_key
from ingestion.models import ApiKey, Source
from storage.models import App, RetentionPolicy
from tests.clients import signed_in
from tests.factories import Roles, make_roles, make_user
from tests.outages import engine_away

pytestmark = pytest.mark.django_db

KEY = re.compile(r"lgs_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}")
NEW_APP = {
    "name": "Check Out",
    "slug": "",
    "days": "14",
    "groups": [],
    "source_name": "Web front",
    "source_slug": "",
    "source_format": "",
    "key_name": "shipper",
    "key_scopes": ["ingest"],
}


def add(client: Client, what: str, **values: Any) -> Any:
    return client.post(f"/admin/{what}/add/", values)


def shown_key(answer: Any) -> str:
    """The one key on the page."""
    assert answer.status_code == 200
    found = set(KEY.findall(answer.content.decode()))
    assert len(found) == 1, _errors(answer)
    return found.pop()


def _errors(answer: Any) -> Any:
    return answer.context and answer.context.get("errors")


def everything_in_the_database() -> str:
    """Every value of every table, as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return repr(rows)


def test_an_app_comes_with_retention_source_and_key_in_one_go(owner: Client) -> None:
    answer = add(owner, "storage/app", **NEW_APP)
    key = parse_key(shown_key(answer))
    app = App.objects.get(slug="check-out")
    source = app.sources.get()
    assert (app.retention.days, source.slug) == (14, "web-front")
    row = source.keys.get()
    assert row.matches(key)
    assert (row.name, row.scopes, row.created_by.username) == ("shipper", ["ingest"], "owner")


def test_the_first_key_comes_with_a_line_to_paste(owner: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://logs.example"
    answer = add(owner, "storage/app", **NEW_APP)
    line = (
        f'curl -H "Authorization: Bearer {shown_key(answer)}" '
        "--data-binary @access.log https://logs.example/api/v1/ingest"
    )
    assert line in answer.content.decode().replace("&quot;", '"')
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("storage/app", NEW_APP),
        ("ingestion/apikey", {"source": "", "name": "k", "scopes": ["ingest", "query"]}),
    ],
    ids=["with an app", "by itself"],
)
def test_a_new_key_is_shown_once_and_kept_nowhere(
    owner: Client, roles: Roles, what: str, values: dict[str, Any]
) -> None:
    source = {"source": roles.a.source.pk} if "source" in values else {}
    answer = add(owner, what, **values | source)
    text = shown_key(answer)
    key = parse_key(text)
    assert key
    stored = everything_in_the_database()
    assert text not in stored
    assert key.secret not in stored
    assert text not in str(owner.session.items())
    assert text not in str(answer.cookies)
    row = ApiKey.objects.get(public_id=key.public_id)
    for page in ("", f"{row.pk}/change/", f"{row.pk}/history/", f"{row.pk}/rotate/"):
        later = owner.get(f"/admin/ingestion/apikey/{page}").content.decode()
        assert key.secret not in later
        assert row.secret_hash not in later


def test_rotating_shows_the_successor_once_and_ends_the_key(owner: Client, roles: Roles) -> None:
    page = f"/admin/ingestion/apikey/{roles.a.key.pk}/rotate/"
    assert KEY.search(owner.get(page).content.decode()) is None
    roles.a.key.refresh_from_db()
    assert roles.a.key.is_usable, "asking must change nothing"
    text = shown_key(owner.post(page))
    roles.a.key.refresh_from_db()
    successor = ApiKey.objects.get(public_id=parse_key(text).public_id)
    assert not roles.a.key.is_usable
    assert (successor.scopes, successor.source) == (["ingest"], roles.a.source)
    assert text not in everything_in_the_database()
    notes = LogEntry.objects.filter(object_id=roles.a.key.pk).values_list("change_message")
    assert "Rotated" in str(list(notes))


def test_a_key_that_is_over_cannot_be_rotated(owner: Client, roles: Roles) -> None:
    roles.a.key.revoke()
    before = ApiKey.objects.count()
    answer = owner.post(f"/admin/ingestion/apikey/{roles.a.key.pk}/rotate/")
    assert "is revoked already" in answer.content.decode()
    assert ApiKey.objects.count() == before


def test_a_revoked_key_is_refused_by_the_api(owner: Client, roles: Roles) -> None:
    sender = Client(headers={"Authorization": f"Bearer {roles.a.query_key}"})
    assert sender.get("/api/v1/apps").status_code == 403
    key = ApiKey.objects.get(name="alpha query key")
    owner.post(f"/admin/ingestion/apikey/{key.pk}/revoke/")
    assert sender.get("/api/v1/apps").status_code == 401


def test_slugs_and_the_app_of_a_source_cannot_be_changed(owner: Client, roles: Roles) -> None:
    a, b = roles.a, roles.b
    owner.post(
        f"/admin/storage/app/{a.app.pk}/change/",
        {
            "name": "Renamed",
            "slug": "stolen",
            "groups": [a.group.pk],
            "retention-TOTAL_FORMS": "0",
            "retention-INITIAL_FORMS": "0",
            "sources-TOTAL_FORMS": "0",
            "sources-INITIAL_FORMS": "0",
        },
    )
    owner.post(
        f"/admin/ingestion/source/{a.source.pk}/change/",
        {"name": "Renamed", "slug": "stolen", "app": b.app.pk, "zone": "Europe/Berlin"}
        | {"keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0"},
    )
    app, source = App.objects.get(pk=a.app.pk), Source.objects.get(pk=a.source.pk)
    assert (app.name, app.slug) == ("Renamed", "alpha")
    assert (source.name, source.slug, source.app) == ("Renamed", "alpha-web", app)
    assert source.zone == "Europe/Berlin"


def test_forms_offer_and_take_only_what_the_person_sees(member: Client, roles: Roles) -> None:
    forms = [member.get(f"/admin/{what}/add/") for what in ("ingestion/source", "ingestion/apikey")]
    for page in forms:
        assert "ravo" not in page.content.decode()
    add(member, "ingestion/source", app=roles.b.app.pk, name="intruder", slug="", zone="UTC")
    add(member, "ingestion/apikey", source=roles.b.source.pk, name="intruder", scopes=["query"])
    assert not Source.objects.filter(name="intruder").exists()
    assert not ApiKey.objects.filter(name="intruder").exists()


def test_a_member_opens_apps_to_their_own_groups_only(member: Client, roles: Roles) -> None:
    for groups in ([], [roles.b.group.pk]):
        add(member, "storage/app", **NEW_APP | {"groups": groups})
        assert not App.objects.filter(slug="check-out").exists()
    shown_key(add(member, "storage/app", **NEW_APP | {"groups": [roles.a.group.pk]}))
    assert App.objects.get(slug="check-out").groups.get() == roles.a.group


def test_groups_a_member_does_not_see_stay_with_the_app(member: Client, roles: Roles) -> None:
    auditors = Group.objects.create(name="auditors")
    roles.a.app.groups.add(auditors)
    page = member.get(f"/admin/storage/app/{roles.a.app.pk}/change/").content.decode()
    assert "auditors" not in page
    member.post(
        f"/admin/storage/app/{roles.a.app.pk}/change/",
        {"name": "Alpha 2", "groups": [roles.a.group.pk]}
        | {"retention-TOTAL_FORMS": "0", "retention-INITIAL_FORMS": "0"}
        | {"sources-TOTAL_FORMS": "0", "sources-INITIAL_FORMS": "0"},
    )
    roles.a.app.refresh_from_db()
    assert roles.a.app.name == "Alpha 2"
    assert set(roles.a.app.groups.all()) == {roles.a.group, auditors}


@pytest.mark.parametrize(
    ("page", "lookup"),
    [
        ("ingestion/apikey/", "secret_hash__startswith=a"),
        ("ingestion/source/", "keys__secret_hash__startswith=a"),
        ("ingestion/source/", "app__groups__user__password__startswith=p"),
        ("auth/user/", "password__startswith=p"),
        ("storage/app/", "groups__user__password__startswith=p"),
    ],
)
def test_lists_cannot_be_used_to_guess_secrets(owner: Client, page: str, lookup: str) -> None:
    answer = owner.get(f"/admin/{page}?{lookup}")
    assert answer.status_code in (302, 400)
    assert answer.get("Location", "?e=1").endswith("?e=1")


NASTY = {
    "html": "<script>alert(1)</script>",
    "formula": '=HYPERLINK("http://evil.example")',
    "emoji": "🔥 logs",
    "right to left": "\u202eevil gol",
    "template": "{{ settings.SECRET_KEY }}{% load x %}",
}


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_strange_names_are_kept_as_typed_and_shown_escaped(owner: Client, name: str) -> None:
    values = NEW_APP | {"name": name, "slug": "odd", "source_name": name, "source_slug": "odd"}
    first = add(owner, "storage/app", **values)
    shown_key(first)
    assert App.objects.get(slug="odd").name == name.strip()
    pages = ["storage/app/", "ingestion/source/", "ingestion/apikey/", ""]
    for text in [
        first.content.decode(),
        *(owner.get(f"/admin/{p}").content.decode() for p in pages),
    ]:
        assert "<script>alert(1)" not in text


REFUSED = {
    "NUL": {"name": "a\x00b"},
    "10 kB": {"name": "x" * 10_000},
    "blank": {"name": "   "},
    "only emoji, no slug": {"name": "🔥", "slug": ""},
    "slug of capitals": {"slug": "Shop"},
    "slug with slash": {"slug": "../etc"},
    "slug taken": {"slug": "alpha"},
    "negative days": {"days": "-1"},
    "no days left": {"days": "0"},
    "half a day": {"days": "1.5"},
    "too many days": {"days": "9999999"},
    "words for days": {"days": "many"},
    "no scope": {"key_scopes": []},
    "unknown scope": {"key_scopes": ["root"]},
    "unknown format": {"source_format": "../../etc/passwd"},
    "source slug with NUL": {"source_slug": "a\x00"},
    "unknown group": {"groups": ["999999"]},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_unusable_values_are_refused_by_the_form_and_nothing_is_made(
    owner: Client, change: dict[str, Any]
) -> None:
    before = (App.objects.count(), Source.objects.count(), ApiKey.objects.count())
    answer = add(owner, "storage/app", **NEW_APP | change)
    assert answer.status_code == 200
    assert _errors(answer)
    assert (App.objects.count(), Source.objects.count(), ApiKey.objects.count()) == before


def test_empty_days_keep_for_ever(owner: Client) -> None:
    shown_key(add(owner, "storage/app", **NEW_APP | {"days": ""}))
    assert RetentionPolicy.objects.get(app__slug="check-out").days is None


def test_an_app_is_deleted_only_where_its_slug_was_typed(owner: Client, roles: Roles) -> None:
    page = f"/admin/storage/app/{roles.a.app.pk}/delete/"
    assert "alpha" in owner.get(page).content.decode()
    owner.post(page, {"post": "yes", "slug": "alpah"})
    assert App.objects.filter(slug="alpha").exists()
    owner.post(page, {"post": "yes", "slug": "alpha"})
    assert not App.objects.filter(slug="alpha").exists()
    sender = Client(headers={"Authorization": f"Bearer {roles.a.query_key}"})
    assert sender.get("/api/v1/apps").status_code == 401


def test_apps_are_not_deleted_in_bulk(owner: Client, roles: Roles) -> None:
    body = {"action": "delete_selected", "_selected_action": [roles.a.app.pk], "post": "yes"}
    owner.post("/admin/storage/app/", body)
    assert App.objects.count() == 2


@pytest.mark.usefixtures("clickhouse")
def test_lists_tell_todays_lines_by_app_and_source(member: Client) -> None:
    from storage import facade
    from tests.storage.records import make_frame

    mine = [{"message": "x", "app": "alpha", "source": "alpha-web"}] * 3
    with _now() as now:
        rows = [row | {"received_at": now} for row in [*mine, {"app": "bravo", "source": "b"}]]
        facade.write_logs(make_frame(rows), token="t")
        for page in ("storage/app/", "ingestion/source/"):
            text = member.get(f"/admin/{page}").content.decode()
            assert re.search(r">\s*3\s*<", text)
            assert "just now" in text


def test_lists_say_so_while_the_engine_is_down(owner: Client) -> None:
    with engine_away():
        assert "unavailable" in owner.get("/admin/ingestion/source/").content.decode()


@pytest.mark.usefixtures("clickhouse")
def test_lines_that_were_not_stored_are_listed_with_raw_bytes_escaped(
    member: Client, roles: Roles
) -> None:
    from tests.storage.rejects import reject

    with _now() as now:
        mine = {"app": "alpha", "source": "alpha-web", "received_at": now}
        reject(mine | {"raw": b"<script>\xff\x00"}, mine | {"app": "bravo", "raw": b"secret"})
        text = member.get("/admin/ingestion/source/not-stored/").content.decode()
        assert "&lt;script&gt;\ufffd" in text
        assert "secret" not in text
        query = "?days=1&app=alpha&source=alpha-web&reason=not_json"
        lines = "/admin/ingestion/source/not-stored/lines/"
        assert "&lt;script&gt;\ufffd" in member.get(f"{lines}{query}").content.decode()
        assert member.get(f"{lines}{query.replace('alpha', 'bravo')}").status_code == 404


def test_the_page_of_rejected_lines_survives_a_dead_engine(owner: Client) -> None:
    with engine_away():
        text = owner.get("/admin/ingestion/source/not-stored/").content.decode()
    assert "not available at the moment" in text


@pytest.mark.usefixtures("clickhouse")
def test_the_page_of_rejected_lines_survives_odd_parameters(owner: Client) -> None:
    for query in ("", "?days=%00", "?days=9999&reason=%00&app='", "?reason=x"):
        assert owner.get(f"/admin/ingestion/source/not-stored/{query}").status_code == 200


def test_the_groups_of_rights_are_there_from_the_start() -> None:
    managers, readers = (Group.objects.get(name=f"Log {kind}") for kind in ("managers", "readers"))
    assert managers.permissions.filter(codename="add_apikey").exists()
    assert all(right.codename.startswith("view_") for right in readers.permissions.all())
    assert not readers.permissions.filter(codename="view_apikey").exists()


def _now() -> Any:
    from contextlib import contextmanager

    from logplatform.kernel import clock
    from tests.storage.records import AT

    @contextmanager
    def at() -> Any:
        with clock.frozen(AT):
            yield AT

    return at()


def test_quotas_are_written_with_units_and_shown_with_what_was_used(
    member: Client, roles: Roles, valkey: Any
) -> None:
    from ingestion import queue, quotas
    from tests.ingestion.feeding import make_entry

    source, form = roles.a.source, {"name": "Web", "zone": "UTC", "format": ""}
    form |= {"keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0"}
    page = f"/admin/ingestion/source/{source.pk}/change/"
    for bad in ("-1", "1.5G", "lots", "9" * 16, "99999999999G", "١٢"):
        assert "daily_bytes" in _errors_of(member.post(page, form | {"daily_bytes": bad})), bad
    member.post(page, form | {"daily_bytes": "20G", "window_s": "30"})
    source.refresh_from_db()
    assert (source.daily_bytes, source.window_s) == (20 << 30, 30)
    limits = quotas.limits_of(source.keys.first())
    entry = make_entry(b"x", app=source.app.slug, source=source.slug, size=5 << 30)
    terms = quotas.terms_of(limits, entry, idempotency_key="", digest="d")
    queue.enqueue(entry, idempotency_key="", body_hash="d", terms=terms)
    for shown in (page, "/admin/ingestion/source/"):
        words = member.get(shown).content.decode().replace("\xa0", " ")
        assert "5.0 GB of 20.0 GB (25 %)" in words
    assert 'value="20G"' in member.get(page).content.decode()


def test_the_quota_of_an_app_is_not_for_its_managers_to_lift(
    owner: Client, member: Client, roles: Roles
) -> None:
    form = {"name": "Alpha", "groups": [roles.a.group.pk], "daily_bytes": "7M"}
    for prefix in ("retention", "sources"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    page = f"/admin/storage/app/{roles.a.app.pk}/change/"
    owner.post(page, form)
    member.post(page, form | {"daily_bytes": "", "name": "Ours"})
    app = App.objects.get(pk=roles.a.app.pk)
    assert (app.name, app.daily_bytes) == ("Ours", 7 << 20)


def test_pages_come_while_the_queue_that_counts_is_away(member: Client, roles: Roles) -> None:
    from tests.outages import queue_away

    with queue_away():
        answer = member.get("/admin/ingestion/source/")
    assert answer.status_code == 200
    assert "unavailable" in answer.content.decode()


def _errors_of(answer: Any) -> dict[str, Any]:
    return dict(answer.context["adminform"].form.errors) if answer.context else {}


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("storage/app/{a}/dashboard/", "/dashboards?app=alpha"),
        ("storage/app/{a}/watch/", "/sources?app=alpha"),
        ("ingestion/source/{s}/dashboard/", "/dashboards?app=alpha"),
        ("ingestion/source/{s}/watch/", "/sources?app=alpha&source={s}"),
    ],
)
def test_apps_and_sources_lead_to_the_pages_about_them(page: str, target: str) -> None:
    roles = make_roles()
    names = {"a": roles.a.app.pk, "s": roles.a.source.pk}
    address = f"/admin/{page.format(**names)}"
    assert signed_in(roles.member).get(address)["Location"] == target.format(**names)
    assert signed_in(roles.outsider).get(address).status_code == 404
    reader = make_user("reader", groups=[roles.a.group], is_staff=True)
    assert signed_in(reader).get(address).status_code == 403
