"""The search API over HTTP with the real engine: answers, refusals, tenants."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from logplatform.kernel import clock
from tests.factories import Roles, make_key, make_roles
from tests.storage.conftest import store  # noqa: F401 - the fixture
from tests.storage.records import AT

pytestmark = pytest.mark.django_db

Ask = Callable[..., Any]
PATHS = ("logs", "logs/histogram", "logs/stats", "logs/patterns", "logs/anomalies")
NOW = AT + timedelta(minutes=1)
MARKER = "marker-of-bravo"


@pytest.fixture
def roles(store: Callable[..., list[str]]) -> Iterator[Roles]:  # noqa: F811 - the fixture
    """Two tenants with lines of the last minute: three of alpha, one of bravo."""
    people = make_roles()
    store(
        {"message": "first timeout", "app": "alpha", "severity": 17, "service": "auth"},
        {"message": "second", "app": "alpha", "timestamp": AT + timedelta(seconds=1)},
        {
            "message": "third",
            "app": "alpha",
            "timestamp": AT + timedelta(seconds=2, milliseconds=5),
        },
        {
            "message": MARKER,
            "app": "bravo",
            "service": MARKER,
            "attributes": {MARKER: MARKER},
            "pattern_id": 7,
            "anomaly_score": 100,
        },
    )
    with clock.frozen(NOW):
        yield people


@pytest.fixture
def ask(roles: Roles) -> Ask:
    """GET below /api/v1 with alpha's query key."""
    return as_key(roles.a.query_key)


def as_key(key: str) -> Ask:
    client = Client(raise_request_exception=False)

    def get(path: str, **parameters: Any) -> Any:
        return client.get(f"/api/v1/{path}", parameters, headers={"Authorization": f"Bearer {key}"})

    return get


def as_person(user: Any) -> Ask:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return lambda path, **parameters: client.get(f"/api/v1/{path}", parameters)


def messages(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [record["message"] for record in answer.json()["results"]]


def test_lines_come_newest_first_with_a_cursor_to_the_rest(ask: Ask) -> None:
    first = ask("logs", limit=2)
    assert messages(first) == ["third", "second"]
    body = first.json()
    assert set(body) == {"results", "next", "took_ms"}
    second = ask("logs", limit=2, cursor=body["next"])
    assert messages(second) == ["first timeout"]
    assert second.json()["next"] is None
    assert messages(ask("logs", order="asc", limit=1)) == ["first timeout"]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"q": "timeout"}, ["first timeout"]),
        ({"q": "level>=warn"}, ["first timeout"]),
        ({"level": "ERROR"}, ["first timeout"]),
        ({"level": ["error", "info"], "service": "auth"}, ["first timeout"]),
        ({"service": "none"}, []),
        ({"host": "x"}, []),
        ({"source": "web", "q": "second"}, ["second"]),
        ({"start": "now-59s"}, ["third", "second"]),
        ({"start": "2026-11-22T10:00:01Z", "end": "2026-11-22T10:00:02Z"}, ["second"]),
        ({"start": "2026-11-22T11:00:01+01:00"}, ["third", "second"]),
        ({"start": "1926-11-22", "end": "2126-11-22"}, ["third", "second", "first timeout"]),
        ({"start": "now-1m", "end": "now-1m"}, []),
    ],
)
def test_parameters_narrow_the_lines(
    ask: Ask, parameters: dict[str, Any], found: list[str]
) -> None:
    assert messages(ask("logs", **parameters)) == found


def test_the_last_hour_is_the_default(ask: Ask) -> None:
    with clock.frozen(AT + timedelta(hours=1, seconds=1.5)):
        assert messages(ask("logs")) == ["third"]


def test_a_record_has_the_documented_shape(ask: Ask) -> None:
    (record,) = ask("logs", limit=1).json()["results"]
    assert list(record) == [
        "id", "timestamp", "received_at", "app", "source", "service", "host", "logger", "severity",
        "level", "message", "trace_id", "span_id", "attributes", "pattern_id", "anomaly_score",
    ]  # fmt: skip
    assert record["timestamp"] == "2026-11-22T10:00:02.005Z"
    assert ask(f"logs/{record['id']}").json() == record


def test_the_histogram_and_the_figures_agree(ask: Ask) -> None:
    histogram = ask("logs/histogram", start="now-2m", end="now", interval=60).json()
    assert histogram["interval_s"] == 60
    assert [bucket["counts"] for bucket in histogram["buckets"]] == [{}, {"INFO": 2, "ERROR": 1}]
    assert 60 <= len(ask("logs/histogram").json()["buckets"]) <= 121
    stats = ask("logs/stats").json()
    assert (stats["total"], stats["by_level"]) == (3, {"INFO": 2, "ERROR": 1})
    assert stats["error_rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert stats["first"] == "2026-11-22T10:00:00Z"


class TestTenants:
    """Nobody gets a line, a count or a name of another app."""

    def test_a_key_sees_its_app_only(self, roles: Roles) -> None:
        ask_b = as_key(roles.b.query_key)
        assert messages(ask_b("logs")) == [MARKER]
        (record,) = ask_b("logs").json()["results"]
        for answer in self.everything(as_key(roles.a.query_key), record["id"]):
            assert MARKER not in answer.content.decode()

    def test_a_member_sees_the_apps_of_their_groups_only(self, roles: Roles) -> None:
        (record,) = as_key(roles.b.query_key)("logs").json()["results"]
        for answer in self.everything(as_person(roles.member), record["id"]):
            assert MARKER not in answer.content.decode()
        assert len(messages(as_person(roles.member)("logs"))) == 3
        assert len(messages(as_person(roles.owner)("logs"))) == 4

    @staticmethod
    def everything(ask: Ask, record_id: str) -> list[Any]:
        queries = ["", "app:bravo", "app:*", "_exists_:app", f"*{MARKER[:5]}*", "id:" + record_id]
        queries += ["a OR app:bravo", "NOT app:alpha", ") OR (1=1", "') OR 1=1 --"]
        answers = [ask(path, q=q, start="now-7d") for path in PATHS for q in queries]
        answers += [ask(path, app="bravo") for path in PATHS]
        return [*answers, ask(f"logs/{record_id}"), ask(f"logs/{record_id}", app="bravo")]

    @pytest.mark.parametrize("app", ["bravo", "no-such-app"])
    def test_a_foreign_app_and_a_missing_one_look_the_same(self, roles: Roles, app: str) -> None:
        for ask in (as_key(roles.a.query_key), as_person(roles.member)):
            for path in PATHS:
                answer = ask(path, app=app)
                assert answer.status_code == 404
                error = answer.json()["error"]
                assert (error["code"], error["data"]) == ("app_not_found", {"app": app})

    def test_a_foreign_record_and_a_missing_one_look_the_same(self, roles: Roles) -> None:
        (record,) = as_key(roles.b.query_key)("logs").json()["results"]
        missing = record["id"][:-8] + "ffffffff"
        for record_id in (record["id"], missing):
            answer = as_key(roles.a.query_key)(f"logs/{record_id}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "log_not_found")

    def test_a_cursor_of_another_app_is_refused(self, roles: Roles) -> None:
        cursor = as_key(roles.a.query_key)("logs", limit=1).json()["next"]
        answer = as_key(roles.b.query_key)("logs", limit=1, cursor=cursor)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_cursor")

    def test_credentials_decide(self, roles: Roles) -> None:
        _, no_scope = make_key(roles.a.source, ["ingest"])
        for path in PATHS:
            assert as_key(no_scope)(path).status_code == 403
            assert as_key("unknown")(path).status_code == 401
            assert Client().get(f"/api/v1/{path}").status_code == 401


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"q": '"open'}, "invalid_query"),
        ({"q": "a AND"}, "invalid_query"),
        ({"q": "message:/[/"}, "invalid_query"),
        ({"q": "message:/(?=x)/"}, "invalid_query"),
        ({"q": "level:loud"}, "invalid_query"),
        ({"q": "(" * 4000}, "query_too_complex"),
        ({"q": " OR ".join(["a"] * 2000)}, "query_too_complex"),
        ({"q": "x" * 100_000}, "query_too_complex"),
        ({"start": "now", "end": "now-1h"}, "invalid_time_range"),
        ({"start": "NaN"}, "invalid_time"),
        ({"end": "yesterday"}, "invalid_time"),
        ({"start": "2026-02-31"}, "invalid_time"),
        ({"start": "now-999999999w"}, "invalid_time"),
        ({"level": "loud"}, "invalid_filter"),
        ({"order": "sideways"}, "invalid_request"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked_is_refused_everywhere(
    ask: Ask, parameters: dict[str, str], code: str
) -> None:
    for path in PATHS:
        answer = ask(path, **parameters)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), path
        assert answer.json()["error"]["hint"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        *(("logs", {"limit": limit}) for limit in ("-1", "0", "1001", "1e9", "abc", "", "٣")),
        *(("logs", {"cursor": cursor}) for cursor in ("x", "a:b:c", "é", "x" * 5000)),
        *(("logs/histogram", {"interval": width}) for width in ("0", "-5", "x", "1e3")),
        ("logs/histogram", {"interval": "1", "start": "now-30d"}),
        ("logs/histogram", {"by": "message"}),
        *(("logs/patterns", {"limit": limit}) for limit in ("-1", "0", "501", "x", "")),
        *(("logs/patterns", {"sort": sort}) for sort in ("", "n; DROP TABLE logs", "COUNT")),
        *(("logs/anomalies", {"min_score": score}) for score in ("0", "101", "-1", "x", "")),
        ("logs/anomalies", {"limit": "1001"}),
    ],
)
def test_numbers_and_cursors_out_of_range_are_refused(
    ask: Ask, path: str, parameters: dict[str, str]
) -> None:
    answer = ask(path, **parameters)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["code"].startswith("invalid_")


NASTY = [
    "'; drop table logs; --", "\\'", "`", "/**/", "$$", "x'\\) or 1=1 y:z", "attributes['a']:b",
    "f" * 5000 + ":x", "file\\(\\):x", "system.users:*", "SETTINGS max_memory_usage=0", "100%",
    "a_b", "\\\\", "İ", "ß", "e\u0301", "\u2028", "{p0:String}", "%(x)s", "{}", "app:other OR *",
]  # fmt: skip


def test_text_that_looks_like_code_is_searched_for(ask: Ask) -> None:
    for q in NASTY:
        for path in PATHS:
            assert ask(path, q=q).status_code == 200, (path, q)
    assert len(messages(ask("logs"))) == 3


def test_a_nul_is_refused_or_searched_but_never_an_error(ask: Ask) -> None:
    assert ask("logs", q="a\0b").status_code in (200, 400)


def test_only_reading_is_allowed(roles: Roles) -> None:
    headers = {"Authorization": f"Bearer {roles.a.query_key}"}
    for method in ("post", "put", "patch", "delete"):
        for path in PATHS:
            answer = getattr(Client(), method)(f"/api/v1/{path}", headers=headers)
            assert answer.status_code == 405


def test_the_schema_describes_every_parameter() -> None:
    text = Client().get("/api/schema").content.decode()
    section = text.split("/api/v1/logs:")[1].split("/api/v1/logs/")[0]
    names = "app start end q level service host source limit cursor order"
    for name in names.split():
        assert f"name: {name}\n" in section
    assert "next:" in text
