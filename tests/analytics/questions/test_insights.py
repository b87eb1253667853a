"""What changed, over HTTP; what is told of which changes: tests/analytics/test_changes.py."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.analytics.asking import MARKER, Ask
from tests.storage.test_patterns import line

pytestmark = pytest.mark.django_db

SPAN = {"start": "2026-11-22T09:59:00Z", "end": "2026-11-22T10:01:00Z"}


def test_values_and_templates_that_changed_are_told(ask_of: Callable[..., Ask]) -> None:
    rows = [line(f"attempt {n}", timedelta(seconds=n), severity=17) for n in range(20)]
    rows += [line("fine", timedelta(seconds=n - 110)) for n in range(0, 160, 4)]
    ask = ask_of(*rows)
    body = ask("analytics/insights", start="2026-11-22T10:00:00Z").json()
    assert set(body) == {
        *("span", "baseline", "sampled", "fields", "templates", "is_truncated", "left_out"),
        "took_ms",
    }
    assert body["span"] == {
        "start": "2026-11-22T10:00:00Z",
        "end": "2026-11-22T10:01:00Z",
        "count": 32,
    }
    assert body["baseline"]["start"] == "2026-11-22T09:59:00Z"
    changed = {(one["field"], one["value"]): one for one in body["fields"]}
    error = changed["level", "ERROR"]
    assert (error["now"], error["before"], error["change"]) == (20, 0, None)
    [template] = body["templates"]
    assert (template["template"], template["kind"], template["level"]) == (
        "attempt <*>",
        "new",
        "ERROR",
    )


def test_lines_of_other_apps_change_nothing(ask: Ask) -> None:
    answer = ask("analytics/insights", **SPAN)
    assert answer.status_code == 200
    assert MARKER not in answer.content.decode()
    assert ask("analytics/insights", app="bravo").status_code == 404


BAD = {
    "half a baseline": {"baseline_start": "now-1h"},
    "no time": {"baseline_start": "then", "baseline_end": "now"},
    "reversed": {"baseline_start": "now", "baseline_end": "now-1h"},
    "limit": {"limit": "0"},
    "limit in words": {"limit": "many"},
    "empty range": {"start": "now", "end": "now"},
    "NUL": {"baseline_start": "\0", "baseline_end": "now"},
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_what_cannot_be_compared_is_a_clear_400(ask: Ask, given: dict[str, Any]) -> None:
    answer = ask("analytics/insights", **given)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("invalid_parameter", "invalid_time")
