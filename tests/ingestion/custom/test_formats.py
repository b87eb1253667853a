"""Formats that people make: drafts, cases, versions, and what becomes of bodies on the queue."""

from collections import Counter
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from ingestion.assemble import assemble
from ingestion.contracts import QueuedEntry
from ingestion.custom import publishing, reading
from ingestion.custom.models import CustomFormat, FormatVersion
from ingestion.errors import RulesUnavailable, UnknownFormat
from ingestion.models import Source
from ingestion.treatment import plans
from storage import facade as storage
from storage.models import App
from tests.clients import call
from tests.factories import Roles
from tests.ingestion.feeding import drain_all, drain_and_die, make_entry, send

pytestmark = pytest.mark.django_db
LINE = "2026-02-11 06:43:36 | WARN | disk full"


def make_format(app: App, pattern: str = "<time> | <level> | <message>") -> CustomFormat:
    draft = CustomFormat(app=app, name="gateway", pattern=pattern)
    draft.full_clean()
    draft.save()
    return draft


def stored(roles: Roles) -> list[dict[str, Any]]:
    query = storage.LogQuery(apps=(roles.a.app.slug,))
    return [dict(record) for record in storage.search_logs(query, limit=100).records]


def test_a_format_is_written_tried_published_and_rolled_back_over_http(
    roles: Roles, member: Client
) -> None:
    slug, source = roles.a.app.slug, roles.a.source.pk
    body = {
        "app": slug,
        "name": "gateway",
        "pattern": "<time> | <level> | <message>",
        "cases": [
            {"line": LINE, "expect": {"level": "WARN", "message": "disk full"}},
            {"line": "other", "expect": None},
        ],
    }
    made = call(member, "POST", "formats", body)
    assert made.status_code == 201, made.content
    path = f"formats/{made.json()['id']}"
    assert made.json()["version"] is None
    tried = call(member, "POST", f"{path}/try", {"source": source, "lines": [LINE, "other"]}).json()
    assert tried["counts"] == {"changed": 1, "lost": 1}
    assert tried["changed_fields"]["message"] == 1
    assert tried["failing_cases"] == []
    assert call(member, "POST", f"{path}/publish").json()["version"] == 1
    worse = call(member, "PATCH", path, {"pattern": "<time> | <message>"})
    assert worse.status_code == 200
    refused = call(member, "POST", f"{path}/publish")
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "cases_fail"
    assert "message is" in refused.json()["error"]["data"]["cases"][0]["problem"]
    call(member, "PATCH", path, {"cases": []})
    assert call(member, "POST", f"{path}/publish").json()["version"] == 2
    back = call(member, "POST", f"{path}/roll-back", {"number": 1}).json()
    assert (back["version"], back["pattern"]) == (1, body["pattern"])
    assert [each["number"] for each in back["versions"]] == [2, 1]
    assert call(member, "POST", f"{path}/roll-back", {"number": 9}).status_code == 404


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pattern": "(?P<a>x", "kind": "regex"}, "unclosed group"),
        ({"pattern": "<a> <a>"}, "two fields|duplicate"),
        ({"pattern": "<a>", "layouts": ["%Q"]}, "no layout"),
        ({"name": "json"}, "built-in"),
        ({"name": "auto"}, "built-in"),
        ({"name": "a@1"}, "small letters"),
        ({"kind": "perl"}, "kind"),
        ({"cases": [{"line": "x", "expect": {"a": 1, "b": []}}]}, "cases"),
        ({"version": 3}, "cannot be set"),
    ],
)
def test_what_cannot_be_used_is_refused(
    roles: Roles, member: Client, change: dict[str, Any], told: str
) -> None:
    body = {"app": roles.a.app.slug, "name": "gateway", "pattern": "<message>", **change}
    answer = call(member, "POST", "formats", body)
    assert answer.status_code == 400
    assert any(part in answer.content.decode() for part in told.split("|"))
    assert CustomFormat.objects.count() == 0


def test_a_try_shows_no_lines_of_another_app(roles: Roles, member: Client) -> None:
    draft = make_format(roles.a.app)
    answer = call(member, "POST", f"formats/{draft.pk}/try", {"source": roles.b.source.pk})
    assert answer.status_code == 400


@pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")
def test_bodies_are_read_by_the_version_in_use_when_they_came(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing needs no restart, and what waits in the queue keeps its version on every try."""
    draft = make_format(roles.a.app)
    publishing.publish(draft, by=roles.member)
    send(roles.a, LINE.encode(), format="gateway")
    draft.pattern = "<time> | <rest>"
    publishing.publish(draft, by=roles.member)
    send(roles.a, LINE.encode(), format="gateway")
    drain_and_die(monkeypatch)
    draft.delete()
    reading.forget()
    drain_all()
    found = Counter((each["message"], each["attributes"].get("rest")) for each in stored(roles))
    assert found == {("disk full", None): 1, (LINE, "WARN | disk full"): 1}


@pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")
def test_a_draft_is_compared_on_the_last_real_lines_stored_and_refused(
    roles: Roles, member: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles.a.source.format = "json"
    roles.a.source.save()
    send(roles.a, LINE.encode() + b"\nother line")
    send(roles.a, b"plain one\n  goes on", format="text")
    drain_all()
    draft = make_format(roles.a.app)
    answer = call(member, "POST", f"formats/{draft.pk}/try", {"source": roles.a.source.pk}).json()
    kinds = {each["line"]: each["kind"] for each in answer["lines"]}
    assert kinds == {LINE: "gained", "other line": "refused", "plain one": "refused"}
    gained = next(each for each in answer["lines"] if each["kind"] == "gained")
    assert {"name": "message", "before": None, "after": "disk full"} in gained["fields"]


def test_what_is_not_published_or_of_another_app_is_no_format(roles: Roles) -> None:
    draft = make_format(roles.a.app)
    with pytest.raises(UnknownFormat):
        send(roles.a, b"x", format="gateway")
    publishing.publish(draft, by=None)
    roles.b.source.format = "gateway"
    with pytest.raises(Exception, match="no log format"):
        roles.b.source.full_clean()


def test_sources_may_name_it_and_then_it_stays(roles: Roles, member: Client) -> None:
    draft = make_format(roles.a.app)
    publishing.publish(draft, by=None)
    named = call(member, "PATCH", f"sources/{roles.a.source.pk}", {"format": ["gateway", "auto"]})
    assert (named.status_code, named.json()["format"]) == (200, "gateway,auto")
    refused = call(member, "DELETE", f"formats/{draft.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "format_in_use")
    Source.objects.update(format="")
    assert call(member, "DELETE", f"formats/{draft.pk}").status_code == 204
    again = make_format(roles.a.app)
    assert publishing.publish(again, by=None).number == 2


def test_lines_wait_while_nobody_can_say_how_to_read_them(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = make_format(roles.a.app)
    publishing.publish(draft, by=None)
    entry = make_entry(LINE.encode(), app=roles.a.app.slug, format="gateway@1")
    queued = [QueuedEntry(shard=0, stream_id="1-0", entry=entry)]

    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(FormatVersion.objects, "get", away)
        with pytest.raises(RulesUnavailable):
            assemble(queued)
    assert assemble(queued).records["message"].to_list() == ["disk full"]


def test_a_version_that_is_gone_has_its_lines_quarantined(roles: Roles) -> None:
    entry = make_entry(LINE.encode(), app=roles.a.app.slug, format="gateway@7")
    found = assemble([QueuedEntry(shard=0, stream_id="1-0", entry=entry)])
    assert found.quarantined["reason_code"].to_list() == ["unknown_format"]


def test_keys_are_told_of_the_formats_of_their_app(roles: Roles) -> None:
    publishing.publish(make_format(roles.a.app), by=None)
    for key, count in ((roles.a.query_key, 1), (roles.b.query_key, 0)):
        client = Client(headers={"Authorization": f"Bearer {key}"})
        listed = client.get("/api/v1/parse/formats").json()["formats"]
        mine = [each for each in listed if each["name"] == "gateway"]
        assert len(mine) == count
    body = {"lines": [LINE], "format": "gateway"}
    client = Client(headers={"Authorization": f"Bearer {roles.a.query_key}"})
    tried = client.post("/api/v1/parse", body, content_type="application/json").json()
    assert (tried["format"], tried["records"][0]["message"]) == ("gateway", "disk full")


def test_another_app_of_the_same_name_has_formats_of_its_own(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that read by the version of an app that is gone do so no more."""
    monkeypatch.setattr(plans, "REFRESH_S", 0.0)
    slug = roles.a.app.slug
    entry = make_entry(LINE.encode(), app=slug, format="gateway@1")
    queued = [QueuedEntry(shard=0, stream_id="1-0", entry=entry)]
    publishing.publish(make_format(roles.a.app), by=None)
    assert assemble(queued).records["message"].to_list() == ["disk full"]
    roles.a.app.delete()
    again = App.objects.create(name="Again", slug=slug)
    publishing.publish(make_format(again, "<time> | <rest>"), by=None)
    assert assemble(queued).records["message"].to_list() == [LINE]
