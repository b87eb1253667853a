"""Why nothing was found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import models

from logplatform.kernel import clock
from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import LogQuery
from storage.questions import explain as module
from storage.questions.explain import Explanation, Reason, explain_logs
from tests.factories import make_app
from tests.storage.records import AT

pytestmark = pytest.mark.django_db
Store = Callable[..., list[str]]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _lines(store: Store) -> models.Model:
    store(
        *(
            {"message": "login ok", "service": "auth", "attributes": {"status": "200"}}
            for _ in range(3)
        ),
        {"message": "card declined", "service": "payment", "severity": 17},
        {"message": "old timeout", "service": "auth", "timestamp": AT - 5 * HOUR},
        {"message": "timeout", "app": "other", "service": "secret", "attributes": {"statuz": "1"}},
    )
    return make_app("shop", days=30)


def explain(q: str, **fields: Any) -> Explanation:
    return explain_logs(
        LogQuery(**{"apps": ("shop",), "q": q, "start": AT - HOUR, "end": AT + HOUR, **fields})
    )


def only(q: str, **fields: Any) -> Reason:
    (reason,) = explain(q, **fields).reasons
    return reason


def test_what_finds_something_needs_no_reason() -> None:
    found = explain("login")
    assert (found.matched, found.reasons, found.is_complete) == (3, [], True)


def test_an_unknown_field_has_its_nearest_names() -> None:
    q = "login stauts:>=500"
    reason = only(q)
    assert (reason.kind, reason.clause, reason.count_without) == (
        "unknown_field",
        "stauts:>=500",
        3,
    )
    assert q[reason.start : reason.end] == reason.clause
    assert [(fix.text, fix.q) for fix in reason.suggestions] == [("status", 'login status:>="500"')]


def test_an_unknown_value_has_the_nearest_values() -> None:
    reason = only("service:atuh login")
    assert (reason.kind, reason.count_without) == ("unknown_value", 3)
    assert reason.message == "No line of this time has service “atuh”."
    assert [(fix.text, fix.q) for fix in reason.suggestions] == [("auth", "service:auth login")]


def test_a_word_nobody_wrote_is_told() -> None:
    reason = only("lgoin service:auth")
    assert (reason.kind, reason.clause, reason.suggestions) == ("unknown_value", "lgoin", [])


@pytest.mark.parametrize(
    ("q", "clause", "meant"),
    [
        ("service:auth and login", "and", "service:auth AND login"),
        ("card or login", "or", "card OR login"),
        ("not login", "not", "NOT login"),
        ("login && service:auth", "&&", "login AND service:auth"),
        ("card || login", "||", "card OR login"),
        ("*:*", "*:*", "*"),
        ("service=auth", "service=auth", "service:auth"),
        ("login status == 200", "status == 200", "login status:200"),
        ("status != 200 level:info", "status != 200", "-status:200 level:info"),
        ('(service="auth")', 'service="auth"', '(service:"auth")'),
        ("service = 'auth'", "service = 'auth'", 'service:"auth"'),
        ("!level:error login", "!level:error", "-level:error login"),
        ("card !login", "!login", "card -login"),
        ("@status:500 login", "@status:500", "status:500 login"),
        ("login status:!=200", "status:!=200", "login -status:200"),
        ("service:!auth login", "service:!auth", "-service:auth login"),
        ("status:==200 card", "status:==200", "status:200 card"),
        ("login status:5xx", "status:5xx", "login status:[500 TO 599]"),
        ("service:auth,payment", "service:auth,payment", "service:(auth OR payment)"),
        ("service:a,auth,payment", "service:a,auth,payment", "service:(a OR auth OR payment)"),
        ("/LOGIN/i", "/LOGIN/i", "/(?i)LOGIN/"),
        ("message:/LOGIN/i", "message:/LOGIN/i", "message:/(?i)LOGIN/"),
        ("+login service:auth", "+login", "login service:auth"),
    ],
)
def test_what_other_languages_write_is_written_here(q: str, clause: str, meant: str) -> None:
    reason = explain(q).reasons[0]
    assert (reason.clause, q[reason.start : reason.end]) == (clause, clause)
    assert [fix.q for fix in reason.suggestions] == [meant]
    assert not [other for other in explain(q).reasons[1:] if other.clause in clause]


@pytest.mark.parametrize(
    "q", ["nothing=auth", "service=~auth", "status=", "=auth", "a=b=c", "!", "x != 1", "@a"]
)
def test_what_only_looks_like_another_language_is_text(q: str) -> None:
    assert "is read as text" not in str(explain(q).reasons)


@pytest.mark.parametrize(
    ("q", "field", "meant"),
    [
        ("200", "status", "status:200"),
        ("login 4bf92f 200", "trace_id", "login trace_id:4bf92f 200"),
        ('"a b"', "user\\ agent", 'user\\ agent:"a b"'),
        ("message:payment", "service", "service:payment"),
    ],
)
def test_a_word_of_another_field_is_told(store: Store, q: str, field: str, meant: str) -> None:
    store({"trace_id": "4bf92f", "attributes": {"user agent": "a b", "status": "302"}})
    store({"attributes": {"elsewhere": "200"}, "app": "other", "service": "4bf92f"})
    (reason,) = (
        one for one in explain(q).reasons if one.suggestions and one.suggestions[0].text == field
    )
    assert (reason.kind, reason.suggestions[0].q) == ("unknown_value", meant)
    assert reason.message.endswith(f"but {field} has.")


def test_another_languages_operator_is_told_where_there_are_no_lines_at_all() -> None:
    reasons = explain("card or login", start=AT + HOUR, end=AT + 2 * HOUR).reasons
    assert "card OR login" in [fix.q for reason in reasons for fix in reason.suggestions]


def test_an_operator_where_none_can_be_has_no_suggestion() -> None:
    assert [fix for reason in explain("login and").reasons for fix in reason.suggestions] == []


def test_clauses_that_do_not_meet_are_counted() -> None:
    first, second = explain("service:payment level:info").reasons
    assert (first.kind, first.clause, first.count_without) == ("clause", "service:payment", 3)
    assert (second.kind, second.clause, second.count_without) == ("clause", "level:info", 1)
    assert first.message == "Without “service:payment” there are 3 lines."


def test_lines_at_another_time_are_told() -> None:
    reason = explain('"old timeout"').reasons[1]
    assert (reason.kind, reason.count_without, reason.start) == ("time", 1, None)
    (fix,) = reason.suggestions
    assert fix.start == "2026-11-22T05:00:00Z"
    assert explain('"old timeout"', start=AT - 5 * HOUR).matched == 1


def test_a_time_without_any_line_is_told() -> None:
    reason = only("absent level:fatal", start=AT + 5 * HOUR, end=AT + 6 * HOUR)
    assert (reason.kind, reason.message) == ("time", "There are no lines at all of this time.")


def test_a_time_before_what_is_kept_is_told() -> None:
    with clock.frozen(AT + timedelta(days=90)):
        reason = only("absent", start=AT - 80 * HOUR, end=AT - 70 * HOUR)
    assert (reason.kind, reason.message) == ("time", "Lines are kept for 30 days.")


def test_an_app_one_may_not_see_is_as_one_that_is_not() -> None:
    for app in ("other", "no-such"):
        reason = explain(f"app:{app} login").reasons[0]
        assert (reason.kind, reason.suggestions) == ("app", [])
        assert reason.message == f"There is no app “{app}” that you may see."
    assert [fix.q for fix in explain("app:shpo").reasons[0].suggestions] == ["app:shop"]


def test_plain_filters_are_reasons_too() -> None:
    reasons = explain("login", service=("payment",)).reasons
    assert ("service=payment", 3) in [(one.clause, one.count_without) for one in reasons]


def test_a_plain_filter_that_is_misspelt_is_told() -> None:
    (reason,) = explain("", service=("auth-", "paymnet"), level=("info",)).reasons[:1]
    assert reason.message == "No line of this time has service “auth-”."
    assert [(fix.text, fix.parameter) for fix in reason.suggestions] == [("auth", "service")]
    kinds = [(one.kind, one.clause) for one in explain("", service=("auth-", "paymnet")).reasons]
    assert kinds == [("unknown_value", "service=auth-,paymnet")] * 2


@pytest.mark.parametrize(
    ("q", "kinds"),
    [
        ("service:(atuh OR paymnet)", ["unknown_value", "unknown_value", "clause"]),
        ("-service:auth -service:payment", ["clause", "clause"]),
        ("login (absent OR nothing)", ["unknown_value", "unknown_value", "clause"]),
        ("NOT *", ["clause"]),
        ("none:/x/", ["unknown_field"]),
        ("status:>900", ["clause"]),
        ("it's\\\"[0]:x", ["unknown_field"]),
    ],
)
def test_every_form_of_a_query_is_explained(q: str, kinds: list[str]) -> None:
    assert [reason.kind for reason in explain(q).reasons] == kinds


def test_nothing_of_another_app_is_told() -> None:
    for q in ("statuz:1", "service:secret", "service:secrat", "timeout app:other"):
        found = str(explain(q))
        assert "secret" not in found.replace(f"{q}", "").replace("“secret”", "")


def test_without_any_app_there_is_an_answer() -> None:
    found = explain("a b", apps=())
    assert (found.matched, [reason.kind for reason in found.reasons]) == (0, ["time"])


def test_many_clauses_and_little_time_end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not explain(" ".join(f"w{n}" for n in range(12))).is_complete
    monkeypatch.setattr(module, "BUDGET_S", 0)
    found = explain("absent level:fatal")
    assert (found.reasons, found.is_complete) == ([], False)


def test_what_is_too_expensive_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise QueryTooExpensive(limit="rows read")

    monkeypatch.setattr(module._Search, "_times", refuse)
    found = explain("service:payment level:info")
    assert (found.is_complete, len(found.reasons)) == (False, 2)
