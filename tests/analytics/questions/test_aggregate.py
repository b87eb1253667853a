"""Figures of groups over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_groups_have_keys_and_figures(ask: Ask) -> None:
    body = ask("analytics/aggregate", group_by="level", metrics="count,max:severity").json()
    assert set(body) == {
        *("interval_s", "metrics", "groups", "is_truncated", "chosen_by", "took_ms")
    }
    assert (body["metrics"], body["interval_s"]) == (["count", "max:severity"], None)
    assert body["groups"][0] == {
        "key": {"level": "INFO"},
        "values": {"count": 2, "max:severity": 9},
        "points": None,
    }


@pytest.mark.parametrize("question", ["analytics/aggregate", "logs/histogram", "analytics/latency"])
def test_an_interval_that_is_none_says_what_it_may_be(ask: Ask, question: str) -> None:
    error = ask(question, interval="soon").json()["error"]
    assert error["data"]["expected"] == "auto or a number of seconds"
    assert ask(question, interval="").status_code == 200


def test_over_time_there_are_points(ask: Ask) -> None:
    for interval, width in (("60", 60), ("auto", 30)):
        body = ask("analytics/aggregate", interval=interval).json()
        assert body["interval_s"] == width
        (group,) = body["groups"]
        assert sum(point["values"]["count"] for point in group["points"]) == 3


def test_the_order_is_a_metric(ask: Ask) -> None:
    for order, first in (("count", "ERROR"), ("-count", "INFO")):
        body = ask("analytics/aggregate", group_by="level", order=order).json()
        assert body["groups"][0]["key"] == {"level": first}
