"""Every question counts as its caller's, with the limits of their role and a fair share."""

import pytest
from django.urls import URLPattern, get_resolver

from analytics.asking import Asking
from analytics.views import LogsView
from logplatform.kernel.query_limits import QueryLimits
from storage import callers, turns
from tests.analytics.asking import Ask, as_key, as_person
from tests.factories import Roles

pytestmark = pytest.mark.django_db


def test_every_question_about_lines_is_asked_for_somebody() -> None:
    found = []
    for entry in get_resolver("analytics.urls").url_patterns:
        if isinstance(entry, URLPattern):
            found.append(entry.callback.view_class)
    assert len(found) > 10
    assert all(issubclass(view, Asking) for view in found)
    assert issubclass(LogsView, Asking)


def test_limits_are_those_of_the_role(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, QueryLimits]] = []
    set_caller = callers.set_caller
    monkeypatch.setattr(
        "storage.facade.set_caller",
        lambda caller: (seen.append((caller.name, caller.limits)), set_caller(caller)),
    )
    for ask in (as_key(roles.a.query_key), as_person(roles.owner)):
        assert ask("logs").status_code == 200
    assert [name.partition(":")[0] for name, _ in seen] == ["key", "user"]
    assert [limits.seconds for _, limits in seen] == [20, 60]


def test_who_asks_too_much_at_once_is_told_to_wait(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = turns.Turns(total=1, per_app=1, per_caller=1, wait_s=0.05)
    monkeypatch.setattr(turns, "questions", lambda: few)
    with few.turn(caller="somebody", app="other"):
        answer = ask("logs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_queries")
    assert answer.headers["Retry-After"] == "2"
    assert ask("logs").status_code == 200
