"""The address of the first lines, as the explorer's script will ask for it."""

import pytest
from django.test import RequestFactory

from dashboard.first_search import first_search

NOW_MS = 1_790_000_000_123
UNTIL = "2026-09-21T14%3A13%3A20.123Z"


def hint(query: str = "", cookie: str = "") -> str | None:
    request = RequestFactory().get(f"/?{query}")
    request.COOKIES["app"] = cookie
    return first_search(request, ["shop", "mail"], NOW_MS)


@pytest.mark.parametrize(
    ("query", "cookie", "app"),
    [("", "", "shop"), ("", "mail", "mail"), ("app=mail", "shop", "mail"), ("app=x", "y", "shop")],
)
def test_the_app_is_the_one_asked_for_or_seen_last(query: str, cookie: str, app: str) -> None:
    address = f"/api/v1/logs?app={app}&start=2026-09-21T13%3A58%3A20.123Z&end={UNTIL}&limit=100"
    assert hint(query, cookie) == address


def test_ranges_and_spans_are_written_as_the_script_does() -> None:
    day = hint("range=24h&q=level:error%20a*b~") or ""
    assert "&q=level%3Aerror+a*b%7E&start=2026-09-20T14%3A13%3A20.123Z&" in day
    span = hint("start=2026-09-21T10:00:00.000Z&end=2026-09-21T11:00:00.000Z") or ""
    assert "&start=2026-09-21T10%3A00%3A00.000Z&end=2026-09-21T11%3A00%3A00.000Z&" in span


@pytest.mark.parametrize(
    "query", ["live=1", "range=all", "range=x", "start=2026-09-21", "start=a&end=b"]
)
def test_nothing_is_guessed(query: str) -> None:
    assert hint(query) is None
