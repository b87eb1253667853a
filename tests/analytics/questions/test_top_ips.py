"""Addresses over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_rows_have_share_and_errors(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(
        {"attributes": {"client_ip": "203.0.113.9", "status": "502"}},
        {"attributes": {"client_ip": "203.0.113.9", "status": "200"}},
        {"attributes": {"client_ip": "other", "status": "404"}},
        {"message": "no request"},
        {"app": "bravo", "attributes": {"client_ip": "secret"}},
    )
    body = ask("analytics/top-ips").json()
    assert set(body) == {"rows", "is_truncated", "took_ms"}
    assert body["rows"] == [
        {
            "ip": "203.0.113.9",
            "count": 2,
            "share": 0.666667,
            "client_errors": 0,
            "server_errors": 1,
            "error_rate": 0.5,
        },
        {
            "ip": "other",
            "count": 1,
            "share": 0.333333,
            "client_errors": 1,
            "server_errors": 0,
            "error_rate": 0,
        },
    ]
    assert ask("analytics/top-ips", limit=1).json()["is_truncated"]
