"""Pages: who gets which, and that none of them carries log text or inline scripts."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from tests.clients import signed_in
from tests.factories import Roles, make_user

pytestmark = pytest.mark.django_db
UUID = "0199a0f0-0000-7000-8000-000000000000"


@pytest.mark.parametrize("path", ["/", f"/logs/{UUID}", "/sources", "/dashboards", "/dashboards/1"])
def test_nobody_is_sent_to_the_sign_in_page_and_back(client: Client, path: str) -> None:
    response = client.get(f"{path}?q=timeout")
    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=")
    assert "timeout" in response["Location"]


def test_signing_in_leads_to_where_one_wanted_to_go(client: Client) -> None:
    make_user("ada", password="a-long-enough-password")
    given = {"username": "ada", "password": "a-long-enough-password"}
    assert client.post("/login?next=/", {**given, "next": "/?q=x"})["Location"] == "/?q=x"


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "javascript:x"])
def test_signing_in_never_leads_to_another_site(client: Client, target: str) -> None:
    make_user("ada", password="a-long-enough-password")
    given = {"username": "ada", "password": "a-long-enough-password", "next": target}
    assert client.post("/login", given)["Location"] == reverse("explorer")


def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(client: Client) -> None:
    make_user("ada", password="a-long-enough-password")
    make_user("ina", password="a-long-enough-password", is_active=False)
    said = set()
    for name in ("ada", "bob", "ina"):
        page = client.post("/login", {"username": name, "password": "wrong"}).content.decode()
        said.add(re.search(r'role="alert">([^<]+)<', page).group(1))
    assert len(said) == 1


def test_signing_out_needs_a_post(member: Client) -> None:
    assert member.get("/logout").status_code == 405
    assert member.post("/logout")["Location"] == "/login"
    assert member.get("/").status_code == 302


def test_the_explorer_offers_the_apps_one_sees_and_names_no_other(member: Client) -> None:
    page = member.get("/").content.decode()
    assert '<option value="alpha">Alpha</option>' in page
    assert "bravo" not in page.lower()


def test_the_page_of_sources_offers_keys_only_to_who_may_issue_them(roles: Roles) -> None:
    assert 'id="issue-key"' in signed_in(roles.member).get("/sources").content.decode()
    reader = make_user("reader", groups=[roles.a.group])
    page = signed_in(reader).get("/sources").content.decode()
    assert 'id="issue-key"' not in page
    assert "ask whoever administers" in page
    assert "/admin/" not in page


def test_a_member_of_no_group_is_told_whom_to_ask(client: Client) -> None:
    client.force_login(make_user("new"))
    page = client.get("/").content.decode()
    assert "Ask whoever administers" in page
    assert reverse("admin:storage_app_add") not in page


def test_who_may_create_apps_is_led_to_the_first(client: Client) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert reverse("admin:storage_app_add") in client.get("/").content.decode()


def test_app_names_are_shown_as_text(roles: Roles, member: Client) -> None:
    roles.a.app.name = "</script><img src=x onerror=alert(1)>"
    roles.a.app.save()
    page = member.get("/").content.decode()
    assert "<img" not in page
    assert "</script><" not in page.replace("</script>\n", "")


def test_a_permalink_opens_the_explorer_with_its_id(member: Client) -> None:
    assert f'"record": "{UUID}"' in member.get(f"/logs/{UUID}").content.decode()
    assert member.get("/logs/not-an-id").status_code == 404


class InlineCode(HTMLParser):
    """Finds what the content security policy would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_code = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if is_code or tag == "style" or "style" in given or any(a.startswith("on") for a in given):
            self.found.append(self.get_starttag_text() or tag)


@pytest.mark.parametrize("path", ["/", "/sources", "/dashboards", "/login", "/nowhere"])
def test_pages_hold_no_inline_code_and_forbid_it(member: Client, path: str) -> None:
    client = Client() if path == "/login" else member
    response = client.get(path)
    parser = InlineCode()
    parser.feed(response.content.decode())
    assert parser.found == []
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_are_sentences_that_lead_on(name: str) -> None:
    from django.template.loader import render_to_string

    page = render_to_string(f"{name}.html")
    assert "<h1>" in page
    assert 'href="/"' in page
