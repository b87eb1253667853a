"""The pages and addresses people set redaction and enrichment with."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.models import LookupTable, OwnPattern, SourceRules, TagRule
from tests.clients import call
from tests.factories import Roles

pytestmark = pytest.mark.django_db

SECRET = "hunter2hunter2"


def test_rules_are_shown_and_changed_over_http(roles: Roles, member: Client) -> None:
    path = f"redaction/{roles.a.source.pk}"
    shown = call(member, "GET", path).json()
    assert (shown["password"], shown["email"], shown["patterns"]) == ("mask", "off", [])
    change = {
        "email": "hash",
        "password": "off",
        "urls": "on",
        "ip_class": True,
        "patterns": [{"name": "order", "pattern": "ORD-[0-9]+", "action": "drop"}],
    }
    changed = call(member, "PATCH", path, change)
    assert changed.status_code == 200
    assert {**changed.json(), **change} == changed.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "burn"}, "email"),
        ({"patterns": [{"name": "x", "pattern": "(?=a)"}]}, "pattern"),
        ({"patterns": [{"name": "x", "pattern": ".*"}]}, "pattern"),
        ({"patterns": [{"name": "email", "pattern": "a"}]}, "name"),
        ({"patterns": [{"name": "A b", "pattern": "a"}]}, "patterns"),
        ({"patterns": "x"}, "patterns"),
        ({"salt": "x"}, "salt"),
        ({"urls": "yes"}, "urls"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    roles: Roles, member: Client, body: dict[str, Any], field: str
) -> None:
    answer = call(member, "PATCH", f"redaction/{roles.a.source.pk}", body)
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert OwnPattern.objects.count() == 0


def test_the_preview_shows_what_would_be_stored_and_stores_nothing(
    roles: Roles, member: Client
) -> None:
    body = {
        "lines": [f"password={SECRET}", "mail ann@example.com", ""],
        "email": "mask",
        "patterns": [{"name": "mail", "pattern": "^mail"}],
    }
    answer = call(member, "POST", f"redaction/{roles.a.source.pk}/preview", body)
    assert SECRET not in answer.content.decode()
    messages = [row["record"]["message"] for row in answer.json()["results"]]
    assert messages == ["password=[redacted:password]", "[redacted:mail] [redacted:email]"]
    assert SourceRules.objects.get(source=roles.a.source).email == "off"


def test_tags_over_http(roles: Roles, member: Client) -> None:
    body = {"app": "alpha", "tag": "slow", "fields": ["message"], "words": ["took", "slow"]}
    made = call(member, "POST", "tags", body).json()
    assert {**made, **body} == made
    changed = call(member, "PATCH", f"tags/{made['id']}", {"words": ["lag"]}).json()
    assert changed["words"] == ["lag"]
    assert call(member, "POST", "tags", {**body, "words": ["a,b"]}).status_code == 400
    assert call(member, "POST", "tags", {**body, "tag": "No Tag"}).status_code == 400
    assert call(member, "GET", "tags?app=alpha").json()["count"] == 5


def test_tables_over_http_say_which_line_is_wrong(roles: Roles, member: Client) -> None:
    body = {"app": "alpha", "name": "hosts", "field": "host", "content": "h,team\nweb,a\nweb,b\n"}
    refused = call(member, "POST", "tables", body)
    assert "Line 3" in refused.content.decode()
    made = call(member, "POST", "tables", {**body, "content": "h,team\nweb,a\n"})
    assert (made.status_code, made.json()["row_count"]) == (201, 1)
    assert "content" not in made.json()


def test_a_table_is_uploaded_in_the_admin(roles: Roles, member: Client) -> None:
    page = "/admin/ingestion/lookuptable/add/"
    upload = SimpleUploadedFile("t.csv", b"\xef\xbb\xbfhost,team\nweb-1,shop\n")
    body = {"app": roles.a.app.pk, "name": "hosts", "field": "host", "is_active": "on"}
    assert member.post(page, {**body, "upload": upload}).status_code == 302
    assert LookupTable.objects.get().row_count == 1
    bad = SimpleUploadedFile("t.csv", b"host,team\n\xff,shop\n")
    assert "Line 2: not UTF-8" in member.post(page, {**body, "upload": bad}).content.decode()
    wrong = SimpleUploadedFile("t.csv", b"host,team\nweb,a,b\n")
    assert "Line 2: 3 cells" in member.post(page, {**body, "upload": wrong}).content.decode()
    assert "Choose a file" in member.post(page, body).content.decode()


def test_rules_are_changed_in_the_admin_and_a_bad_pattern_says_why(
    roles: Roles, member: Client
) -> None:
    rules = SourceRules.objects.get(source=roles.a.source)
    page = f"/admin/ingestion/sourcerules/{rules.pk}/change/"
    body = {
        **dict.fromkeys(("password", "token", "private_key", "iban", "card", "ip"), "mask"),
        "email": "drop",
        "urls": "auto",
        "patterns-TOTAL_FORMS": "1",
        "patterns-INITIAL_FORMS": "0",
        "patterns-0-name": "order",
        "patterns-0-pattern": "(",
        "patterns-0-action": "mask",
    }
    assert "unclosed group" in member.post(page, body).content.decode()
    assert member.post(page, {**body, "patterns-0-pattern": "ORD"}).status_code == 302
    rules.refresh_from_db()
    assert (rules.email, rules.user_agents, rules.patterns.get().pattern) == ("drop", False, "ORD")


def test_lines_are_tried_in_the_admin(roles: Roles, member: Client) -> None:
    rules = SourceRules.objects.get(source=roles.a.source)
    page = f"/admin/ingestion/sourcerules/{rules.pk}/try/"
    answer = member.post(page, {"lines": f"token={SECRET} <b>x</b>\n\n"}).content.decode()
    shown = answer.split("</textarea>")[-1]
    assert "token=[redacted:token] &lt;b&gt;x&lt;/b&gt;" in shown
    assert SECRET not in shown


def test_an_app_begins_with_a_few_tags(roles: Roles) -> None:
    tags = TagRule.objects.filter(app=roles.a.app).values_list("tag", flat=True)
    assert list(tags) == ["api", "auth", "health", "payment"]
