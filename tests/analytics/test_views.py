"""The search API over HTTP with the real engine: answers, refusals, tenants."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from analytics.question import questions
from logplatform.kernel import clock
from tests.analytics.asking import MARKER, Ask, as_key, as_person, messages
from tests.factories import Roles, make_key
from tests.storage.records import AT

pytestmark = pytest.mark.django_db

PATHS = tuple(question.path for question in questions().values())


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
        ({"end": "now+1d"}, ["third", "second", "first timeout"]),
        ({"end": "now-1h"}, []),
        ({"end": "now-59s"}, ["first timeout"]),
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


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"level": "errror"}, "Did you mean `error`?"),
        ({"level": ["info", "Warnin"]}, "Did you mean `warn`?"),
        ({"level": "error,warn"}, "Give `level` once for each."),
        ({"levle": "error"}, "Did you mean `level`?"),
        ({"servce": "auth"}, "Did you mean `service`?"),
        ({"lim": "7"}, "Did you mean `limit`?"),
        ({"app": "alhpa"}, "Did you mean `alpha`?"),
    ],
)
def test_what_was_meant_is_said(ask: Ask, parameters: dict[str, Any], hint: str) -> None:
    error = ask("logs", **parameters).json()["error"]
    assert error["hint"].startswith(hint)


def test_what_is_no_parameter_is_let_be(ask: Ask) -> None:
    for name in ("_", "utm_source_of_somebody", "x", "ts"):
        assert ask("logs", **{name: "1"}).status_code == 200
    assert "bravo" not in ask("logs", app="bravoo").content.decode().replace("bravoo", "")


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
        answers += [
            ask("logs/facets", fields="app,service,message"),
            ask("analytics/aggregate", group_by="app"),
        ]
        for address in (record_id, f"{record_id}/context"):
            answers += [ask(f"logs/{address}"), ask(f"logs/{address}", app="bravo")]
        return answers

    @pytest.mark.parametrize("app", ["bravo", "no-such-app"])
    def test_a_foreign_app_and_a_missing_one_look_the_same(self, roles: Roles, app: str) -> None:
        for ask in (as_key(roles.a.query_key), as_person(roles.member)):
            for path in PATHS:
                answer = ask(path, app=app)
                assert answer.status_code == 404
                error = answer.json()["error"]
                assert (error["code"], error["data"]["app"]) == ("app_not_found", app)

    def test_a_foreign_record_and_a_missing_one_look_the_same(self, roles: Roles) -> None:
        (record,) = as_key(roles.b.query_key)("logs").json()["results"]
        missing = record["id"][:-8] + "ffffffff"
        for address in (record["id"], missing, f"{record['id']}/context", f"{missing}/context"):
            answer = as_key(roles.a.query_key)(f"logs/{address}")
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
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked_is_refused_everywhere(
    ask: Ask, parameters: dict[str, str], code: str
) -> None:
    # A query that is being typed need not be readable yet.
    paths = [path for path in PATHS if path != "logs/suggest" or code != "invalid_query"]
    for path in paths:
        answer = ask(path, **parameters)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), path
        assert answer.json()["error"]["hint"]


BAD_METRICS = ("counts", "p101:x", "p0:x", "p100:x", "p95", "p95:", "sum", "count:x", "median:x")
BAD_METRICS += ("p9٥:x", "unique:", "sum:" + "x" * 301, "count;DROP", "quantile(0.5):x", "max:id")


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
        *((path, {"order": "sideways"}) for path in ("logs", "logs/anomalies")),
        *(("logs/facets", {"limit": limit}) for limit in ("0", "1001", "-1", "x", "")),
        ("logs/facets", {"fields": ",".join(f"f{n}" for n in range(21))}),
        *(("logs/facets", {"fields": name}) for name in ("id", "timestamp", "x" * 301)),
        *(("logs/fields", {"limit": limit}) for limit in ("0", "1001", "-1", "x", "")),
        *(("analytics/aggregate", {"limit": limit}) for limit in ("0", "1001", "99999999999", "x")),
        ("analytics/aggregate", {"group_by": ",".join(f"f{n}" for n in range(50))}),
        ("analytics/aggregate", {"group_by": "received_at"}),
        *(("analytics/aggregate", {"metrics": metric}) for metric in BAD_METRICS),
        ("analytics/aggregate", {"metrics": ",".join(f"sum:f{n}" for n in range(11))}),
        *(
            ("analytics/aggregate", {"order": order})
            for order in ("sum:x", "--count", "count,", "-")
        ),
        *(("analytics/aggregate", {"interval": width}) for width in ("0", "-5", "x", "1e3")),
        ("analytics/aggregate", {"interval": "1", "start": "now-30d"}),
    ],
)
def test_numbers_and_cursors_out_of_range_are_refused(
    ask: Ask, path: str, parameters: dict[str, str]
) -> None:
    answer = ask(path, **parameters)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["code"].startswith(("invalid_", "too_many_"))


NASTY = [
    "'; drop table logs; --", "\\'", "`", "/**/", "$$", "x'\\) or 1=1 y:z", "attributes['a']:b",
    "f" * 5000 + ":x", "file\\(\\):x", "system.users:*", "SETTINGS max_memory_usage=0", "100%",
    "a_b", "\\\\", "İ", "ß", "e\u0301", "\u2028", "{p0:String}", "%(x)s", "{}", "app:other OR *",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_text_that_looks_like_code_is_searched_for(ask: Ask, path: str) -> None:
    for q in NASTY:
        assert ask(path, q=q).status_code == 200, q
    assert len(messages(ask("logs"))) == 3


def test_a_nul_is_refused_or_searched_but_never_an_error(ask: Ask) -> None:
    assert ask("logs", q="a\0b").status_code in (200, 400)


def test_fields_of_any_name_are_asked_for(ask: Ask) -> None:
    for name in [*NASTY, "a\0b", "a'\"[0]) FROM", "{c0:String}", "attributes.", "é" * 300, "\\,"]:
        if 0 < len(name) <= 300:
            facets = ask("logs/facets", fields=name)
            figures = ask("analytics/aggregate", group_by=name, metrics=f"p95:{name},unique:{name}")
            for answer in (facets, figures):
                assert answer.status_code in (200, 400), (name, answer.content)
                assert answer.json().get("error", {}).get("code", "").startswith(("", "invalid_"))


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


def test_a_plus_that_became_a_space_is_read(ask: Ask) -> None:
    for start in ("2026-11-22T11:00:01 01:00", "2026-11-22T11:00:01 0100"):
        assert messages(ask("logs", start=start)) == ["third", "second"]
    assert ask("logs", start="2026-11-22", end="now 1h").status_code == 200
    assert ask("logs", start="now 1 h").status_code == 400
