"""The page a format is built on."""

import pytest
from django.test import Client

from ingestion.custom.models import CustomFormat
from tests.clients import signed_in
from tests.factories import Roles, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clickhouse")]
LINE = "2026-02-11 06:43:36 | WARN | <script>alert(1)</script>"


@pytest.fixture
def page(roles: Roles) -> str:
    draft = CustomFormat.objects.create(app=roles.a.app, name="gateway", pattern="<message>")
    return f"/admin/ingestion/customformat/{draft.pk}/change/"


def typed(**more: str) -> dict[str, str]:
    return {
        "kind": "line",
        "pattern": "<time> | <level> | <message>",
        "layouts": "",
        "sample": LINE,
        **more,
    }


def test_adding_leads_to_the_page_where_it_is_built(roles: Roles, member: Client) -> None:
    body = {"app": str(roles.a.app.pk), "name": "gateway", "kind": "line", "pattern": "<message>"}
    answer = member.post("/admin/ingestion/customformat/add/", body)
    assert answer.status_code == 302
    assert member.get(answer["Location"]).status_code == 200


def test_a_line_is_tried_kept_as_a_case_published_and_gone_back_from(
    roles: Roles, member: Client, page: str
) -> None:
    tried = member.post(page, typed(do="try", source=str(roles.a.source.pk)))
    text = tried.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "The last 0 lines" in text
    draft = CustomFormat.objects.get()
    assert draft.pattern == "<message>"
    assert member.post(page, typed(do="case")).status_code == 302
    assert member.post(page, typed(do="refuse", sample="x")).status_code == 302
    assert draft.cases.count() == 2
    assert member.post(page, typed(do="publish")).status_code == 302
    failing = member.post(page, typed(do="publish", pattern="<message>"))
    assert "2 of the saved cases fail" in failing.content.decode()
    draft.refresh_from_db()
    assert draft.version == 1
    member.post(page, typed(do="drop-case", case=str(draft.cases.all()[0].pk)))
    member.post(page, typed(do="drop-case", case=str(draft.cases.all()[0].pk)))
    member.post(page, typed(do="publish", pattern="<time> <message>"))
    member.post(page, typed(do="roll-back", number="1", pattern="<time> <message>"))
    draft.refresh_from_db()
    assert (draft.version, draft.pattern) == (1, "<time> | <level> | <message>")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"do": "save", "kind": "regex", "pattern": "(?P<a>x"}, "unclosed group"),
        ({"do": "try", "kind": "regex", "pattern": "(?P<a>[z-a])"}, "       ^"),
        ({"do": "case", "sample": ""}, "Choose or type a line"),
        ({"do": "roll-back", "number": "x"}, "no version 0"),
        ({"do": "save", "pattern": ""}, "required"),
        ({"do": "try", "source": "999999"}, "Pattern"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_lost(
    member: Client, page: str, body: dict[str, str], told: str
) -> None:
    answer = member.post(page, typed(**body))
    assert answer.status_code == 200
    assert told in answer.content.decode()


def test_who_may_only_look_may_try_and_nothing_else(roles: Roles, page: str) -> None:
    reader = make_user(
        "looker", groups=[roles.a.group], rights=["ingestion.view_customformat"], is_staff=True
    )
    client = signed_in(reader)
    assert client.post(page, typed(do="try")).status_code == 200
    for verb in ("save", "publish", "case", "refuse", "drop-case", "roll-back"):
        assert client.post(page, typed(do=verb)).status_code == 403
    assert CustomFormat.objects.get().version is None


def test_a_format_in_use_is_not_deleted(roles: Roles, member: Client, page: str) -> None:
    roles.a.source.format = "gateway"
    roles.a.source.save()
    answer = member.post(page.replace("change", "delete"), {"post": "yes"}, follow=True)
    assert "These sources are read as this format" in answer.content.decode()
    assert CustomFormat.objects.count() == 1
