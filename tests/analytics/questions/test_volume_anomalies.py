"""Unusual volumes over HTTP; what is unusual: tests/analytics/volume."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.analytics.asking import MARKER, Ask
from tests.storage.test_patterns import line

pytestmark = pytest.mark.django_db


def a_week() -> list[dict[str, Any]]:
    """A line each ten minutes for a week, the last hour silent, and two errors never seen."""
    minutes = range(61, 8 * 1_440, 10)
    rows = [line(f"tick {n}", -timedelta(minutes=n), service="cron") for n in minutes]
    rows += [
        line(f"beat {n}", -timedelta(minutes=n), service="web") for n in range(1, 8 * 1_440, 10)
    ]
    for service, text, count in (("web", "cannot reach", 90), ("cron", "disk full of", 60)):
        error = {"service": service, "severity": 17}
        rows += [line(f"{text} {n}", -timedelta(seconds=n), **error) for n in range(1, count)]
    return rows


def test_silences_and_news_are_told_with_their_words(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(*a_week())
    body = ask("analytics/volume-anomalies", start="now-6h").json()
    assert set(body) == {"anomalies", "interval_s", "is_truncated", "left_out", "took_ms"}
    assert body["left_out"] == []
    assert ask("analytics/volume-anomalies", start="now-7d").status_code == 200
    assert ask("analytics/volume-anomalies", start="now-8d").status_code == 400
    assert body["interval_s"] == 300
    told = {(one["kind"], one["service"]): one for one in body["anomalies"]}
    assert told["new", "web"]["level"] == "ERROR"
    assert told["new", "web"]["start"] == "2026-11-22T09:55:00Z"
    assert told["new", "web"]["actual"] == 89
    assert not body["is_truncated"]
    first = ask("analytics/volume-anomalies", start="now-6h", limit=1).json()
    assert (first["anomalies"], first["is_truncated"]) == (body["anomalies"][:1], True)
    assert all(one["app"] == "alpha" for one in body["anomalies"])


def test_lines_of_other_apps_are_not_told(ask: Ask) -> None:
    answer = ask("analytics/volume-anomalies", start="now-1d")
    assert answer.status_code == 200
    assert MARKER not in answer.content.decode()
    assert ask("analytics/volume-anomalies", app="bravo").status_code == 404


@pytest.mark.parametrize(
    "given",
    [{"limit": "0"}, {"limit": "201"}, {"start": "now-8d"}, {"start": "\0"}, {"q": "level:("}],
    ids=str,
)
def test_what_cannot_be_looked_at_is_a_clear_400(ask: Ask, given: dict[str, str]) -> None:
    assert ask("analytics/volume-anomalies", **given).status_code == 400


@pytest.mark.parametrize("given", [{"start": "now"}, {"start": "now-7d"}, {"end": "now+1d"}])
def test_any_range_has_an_answer(ask: Ask, given: dict[str, str]) -> None:
    assert ask("analytics/volume-anomalies", **given).status_code == 200
