"""Browsers over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_rows_have_share_and_errors(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(
        {"attributes": {"user_agent.name": "Firefox", "status": "502"}},
        {"attributes": {"user_agent.name": "Firefox", "status": "200"}},
        {"attributes": {"user_agent.name": "other", "status": "404"}},
        {"message": "no request"},
        {"app": "bravo", "attributes": {"user_agent.name": "secret"}},
    )
    body = ask("analytics/browsers").json()
    assert set(body) == {"rows", "is_truncated", "took_ms"}
    assert body["rows"] == [
        {
            "browser": "Firefox",
            "count": 2,
            "share": 0.666667,
            "client_errors": 0,
            "server_errors": 1,
            "error_rate": 0.5,
        },
        {
            "browser": "other",
            "count": 1,
            "share": 0.333333,
            "client_errors": 1,
            "server_errors": 0,
            "error_rate": 0,
        },
    ]
    assert ask("analytics/browsers", limit=1).json()["is_truncated"]
