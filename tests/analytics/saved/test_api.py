"""Saved searches, dashboards and history over HTTP: shapes, refusals, whose they are."""

from typing import Any

import pytest

from analytics import models
from analytics.models import Dashboard, QueryRun, SavedSearch
from tests.clients import Api
from tests.factories import Roles, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(roles: Roles) -> Api:
    return Api(roles.member)


@pytest.fixture
def colleague(roles: Roles) -> Api:
    return Api(make_user("colleague", groups=[roles.a.group]))


def search(**values: Any) -> dict[str, Any]:
    return {"app": "alpha", "name": "Slow", "q": "duration_ms:>500", "range": "1h", **values}


def panel(**values: Any) -> dict[str, Any]:
    return {"kind": "time", "metrics": ["count"], **values}


def board(*panels: Any, **values: Any) -> dict[str, Any]:
    return {"app": "alpha", "name": "Shop", "panels": list(panels), **values}


def test_a_search_is_kept_shown_changed_and_deleted(member: Api) -> None:
    body = search(columns=["service", "attributes.status"])
    made = member("POST", "searches", body, status=201)
    assert {**made, **body} == made
    assert (made["owner"], made["is_mine"], made["is_shared"]) == ("member", True, False)
    path = f"searches/{made['id']}"
    assert member("GET", path, status=200) == made
    span = {"range": "", "start": "2026-02-11T06:00:00Z", "end": "2026-02-11T07:00:00Z"}
    changed = member("PATCH", path, span, status=200)
    assert {**changed, **span} == changed
    assert member("GET", "searches?app=alpha", status=200)["results"] == [changed]
    assert member("GET", "searches?app=bravo", status=200)["results"] == []
    member("DELETE", path, status=204)
    member("GET", path, status=404)


def test_what_is_not_shared_is_seen_by_its_owner_only(
    member: Api, colleague: Api, roles: Roles
) -> None:
    for kind, body in (("searches", search()), ("dashboards", board())):
        path = f"{kind}/{member('POST', kind, body, status=201)['id']}"
        for other in (colleague, Api(roles.owner), Api(roles.outsider)):
            other("GET", path, status=404)
            other("DELETE", path, status=404)
            assert other("GET", kind, status=200)["results"] == []
        member("PATCH", path, {"is_shared": True}, status=200)
        shown = colleague("GET", path, status=200)
        assert (shown["owner"], shown["is_mine"]) == ("member", False)
        colleague("PATCH", path, {"name": "Mine now"}, status=403)
        Api(roles.outsider)("GET", path, status=404)


def test_managers_tidy_up_what_others_share(colleague: Api, member: Api) -> None:
    made = colleague("POST", "dashboards", board(is_shared=True), status=201)
    member("PATCH", f"dashboards/{made['id']}", {"name": "Renamed"}, status=200)
    member("DELETE", f"dashboards/{made['id']}", status=204)


def test_what_is_shared_outlives_the_account_of_its_owner(member: Api, roles: Roles) -> None:
    made = member("POST", "searches", search(is_shared=True), status=201)
    roles.member.delete()
    shown = Api(roles.owner)("GET", f"searches/{made['id']}", status=200)
    assert (shown["owner"], shown["is_mine"]) == ("", False)


def test_who_left_the_group_sees_nothing_of_its_app_any_more(member: Api, roles: Roles) -> None:
    made = member("POST", "searches", search(), status=201)
    member("POST", "searches/history", {"app": "alpha", "q": "secret"}, status=201)
    roles.member.groups.clear()
    member("GET", f"searches/{made['id']}", status=404)
    assert member("GET", "searches/history", status=200)["results"] == []


def test_a_search_over_all_apps_is_personal(member: Api) -> None:
    made = member("POST", "searches", {"app": "", "name": "All", "q": "x"}, status=201)
    assert made["app"] == ""
    error = member("PATCH", f"searches/{made['id']}", {"is_shared": True}, status=400)
    assert set(error["error"]["data"]["fields"]) == {"is_shared"}


NAMES = {
    "script": ("<script>alert(1)</script>", 201),
    "formula": ("=HYPERLINK(1)", 201),
    "emoji": ("🚨 läuft", 201),
    "NUL": ("a\0b", 400),
    "line break": ("a\nb", 400),
    "escape": ("a\x1b[31mb", 400),
    "surrogate": ("a\ud800b", 400),
    "10 kB": ("n" * 10_240, 400),
    "blank": ("  ", 400),
    "number": (["x"], 400),
}


@pytest.mark.parametrize("kind", ["searches", "dashboards"])
@pytest.mark.parametrize(("name", "status"), NAMES.values(), ids=NAMES)
def test_names_are_kept_as_they_are_or_refused(
    member: Api, kind: str, name: Any, status: int
) -> None:
    answer = member("POST", kind, {"app": "alpha", "name": name}, status=status)
    if status == 201:
        assert answer["name"] == name
    else:
        assert set(answer["error"]["data"]["fields"]) == {"name"}


BAD_SEARCHES = {
    "range": {"range": "soon"},
    "long range": {"range": "999999d"},
    "start": {"start": "yesterday"},
    "end": {"end": "2026-13-01T00:00:00Z"},
    "columns": {"columns": ["a b"]},
    "columns text": {"columns": "service"},
    "too many columns": {"columns": ["a"] * 51},
    "app of others": {"app": "bravo"},
    "unknown field": {"owner": "owner"},
    "NUL in a query": {"q": "a\0b"},
}


@pytest.mark.parametrize("values", BAD_SEARCHES.values(), ids=BAD_SEARCHES)
def test_what_a_search_cannot_say_is_refused_by_name(member: Api, values: dict[str, Any]) -> None:
    error = member("POST", "searches", search(**values), status=400)
    assert set(error["error"]["data"]["fields"]) == set(values)
    assert not SavedSearch.objects.exists()


def test_a_search_that_ends_before_it_starts_is_refused(member: Api) -> None:
    error = member("POST", "searches", search(start="now-1h", end="now-2h"), status=400)
    assert set(error["error"]["data"]["fields"]) == {"end"}
    kept = member("POST", "searches", search(start="now-2h", end="now-1h"), status=201)
    for change in ({"start": "now"}, {"end": "now-3h"}):
        error = member("PATCH", f"searches/{kept['id']}", change, status=400)
        assert set(error["error"]["data"]["fields"]) == {"end"}


def test_a_column_may_have_a_name_with_spaces(member: Api) -> None:
    columns = ["user\\ agent", "attributes.a\\,b"]
    assert member("POST", "searches", search(columns=columns), status=201)["columns"] == columns


def test_a_query_that_cannot_be_read_is_refused_with_its_place(member: Api) -> None:
    for path, body in (
        ("searches", search(q="level:(error")),
        ("searches/history", {"q": "level:(error"}),
    ):
        error = member("POST", path, body, status=400)["error"]
        assert (error["code"], error["data"]["position"]) == ("invalid_query", 12)


def test_the_place_of_a_panels_bad_query_is_told_too(member: Api) -> None:
    panels = [panel(), panel(q="status:>=500"), panel(q='service:"api')]
    error = member("POST", "dashboards", board(*panels), status=400)["error"]
    assert (error["code"], error["data"]["panel"]) == ("invalid_query", 2)
    assert isinstance(error["data"]["position"], int)
    deep = member("POST", "dashboards", board(panel(q="(" * 5_000)), status=400)["error"]
    assert deep["data"]["panel"] == 0


def test_a_dashboard_is_kept_with_complete_panels(member: Api) -> None:
    full = panel(
        id="x-1",
        title="Errors",
        q="level>=error",
        group_by=["service", "attributes.status"],
        metrics=["count", "p95:duration_ms"],
        order="-p95:duration_ms",
        interval="60",
        x=6,
        y=3,
        w=6,
        h=4,
    )
    made = member("POST", "dashboards", board(panel(), full, range="24h"), status=201)
    first, second = made["panels"]
    assert first["id"] == "p1"
    assert (first["q"], first["group_by"], first["interval"]) == ("", [], "auto")
    assert {**second, **full} == second
    assert (made["range"], made["refresh_s"]) == ("24h", 0)
    path = f"dashboards/{made['id']}"
    changed = member("PATCH", path, {"panels": [full], "refresh_s": 30}, status=200)
    assert [item["id"] for item in changed["panels"]] == ["x-1"]
    assert member("GET", path, status=200) == changed


BAD_PANELS = {
    "kind": panel(kind="pie"),
    "no kind": {"metrics": ["count"]},
    "no metric": panel(metrics=[]),
    "interval": panel(interval="0"),
    "off the grid": panel(x=8, w=6),
    "fraction": panel(x=0.5),
    "negative": panel(y=-1),
    "unknown": panel(sql="SELECT 1"),
    "id": panel(id="<script>"),
    "number": 7,
    "null": None,
    "NUL": panel(title="a\0"),
}


@pytest.mark.parametrize("bad", BAD_PANELS.values(), ids=BAD_PANELS)
def test_a_panel_that_cannot_be_drawn_is_refused(member: Api, bad: Any) -> None:
    error = member("POST", "dashboards", board(panel(), bad), status=400)["error"]
    assert list(error["data"]["fields"]["panels"]) == ["1"]
    assert not Dashboard.objects.exists()


BAD_QUESTIONS = {
    "metric": (panel(metrics=["median:x"]), "invalid_metric"),
    "metric without a field": (panel(metrics=["p95:"]), "invalid_metric"),
    "metric of a time": (panel(metrics=["min:timestamp"]), "invalid_field"),
    "too many metrics": (panel(metrics=["count"] * 11), "too_many_fields"),
    "group": (panel(group_by=["timestamp"]), "invalid_field"),
    "10 kB of a group": (panel(group_by=["x" * 10_240]), "invalid_field"),
    "too many groups": (panel(group_by=["a"] * 9), "too_many_fields"),
    "order": (panel(order="p99:x"), "invalid_metric"),
    "order of templates": (panel(group_by=["pattern_id"], order="p99:x"), "invalid_metric"),
}


@pytest.mark.parametrize(("bad", "code"), BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_a_panel_that_would_not_be_answered_is_refused(member: Api, bad: Any, code: str) -> None:
    error = member("POST", "dashboards", board(panel(), bad), status=400)["error"]
    assert (error["code"], error["data"]["panel"]) == (code, 1)


@pytest.mark.parametrize("panels", ["x", {"a": 1}, None, [panel()] * 41], ids=str)
def test_panels_are_a_list_of_a_bounded_length(member: Api, panels: Any) -> None:
    error = member("POST", "dashboards", {**board(), "panels": panels}, status=400)["error"]
    assert set(error["data"]["fields"]) == {"panels"}


def test_two_panels_cannot_share_an_id(member: Api) -> None:
    error = member("POST", "dashboards", board(panel(id="a"), panel(id="a")), status=400)["error"]
    assert set(error["data"]["fields"]) == {"panels"}


def test_the_default_dashboard_can_be_kept_as_it_is(member: Api, roles: Roles) -> None:
    found = member("GET", "dashboards/defaults?app=alpha", status=200)["results"]
    assert [item["app"] for item in found] == ["alpha"]
    given = {key: found[0][key] for key in ("app", "name", "range", "refresh_s", "panels")}
    made = member("POST", "dashboards", given, status=201)
    assert made["panels"] == found[0]["panels"]
    Api(roles.outsider)("GET", "dashboards/defaults?app=alpha", status=404)


def test_panels_of_the_default_dashboard_do_not_overlap(member: Api) -> None:
    [found] = member("GET", "dashboards/defaults?app=alpha", status=200)["results"]
    cells = [
        (x, y)
        for item in found["panels"]
        for x in range(item["x"], item["x"] + item["w"])
        for y in range(item["y"], item["y"] + item["h"])
    ]
    assert len(cells) == len(set(cells))


def test_history_has_each_query_once_newest_first_and_is_ones_own(
    member: Api, colleague: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.saved.history.MAX_HISTORY", 3)
    for q in ("a", "b", "a", "c", "d"):
        member("POST", "searches/history", {"q": q, "app": "alpha", "range": "1h"}, status=201)
    rows = member("GET", "searches/history?app=alpha", status=200)["results"]
    assert [row["q"] for row in rows] == ["d", "c", "a"]
    assert set(rows[0]) == {"q", "app", "range", "ran_at"}
    assert QueryRun.objects.count() == 3
    assert colleague("GET", "searches/history", status=200)["results"] == []
    colleague("DELETE", "searches/history", status=204)
    member("DELETE", "searches/history", status=204)
    assert not QueryRun.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"q": ""}, {"q": "x", "app": "bravo"}, {"q": "x", "range": "x"}, [], "7"], ids=str
)
def test_history_refuses_what_is_no_query(member: Api, body: Any) -> None:
    member("POST", "searches/history", body, status=400)
    assert not QueryRun.objects.exists()


def test_a_person_keeps_a_bounded_number(member: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MAX_KEPT", 1)
    member("POST", "searches", search(), status=201)
    member("POST", "searches", search(name="Two"), status=400)


def test_torn_json_is_refused(member: Api) -> None:
    member("POST", "dashboards", '{"name": "x", "panels": [', status=400)
    assert member("POST", "searches", "[]", status=400)["error"]["code"] == "invalid_request"
