"""Endpoints over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_endpoints_have_errors_and_durations(ask_of: Callable[..., Ask]) -> None:
    request = {"method": "GET", "http.route": "/a/{id}", "path": "/a/7", "status": "200"}
    ask = ask_of(
        {"attributes": {**request, "duration_ms": "10"}},
        {"attributes": {**request, "status": "500"}},
        {"attributes": {"path": "/b"}},
    )
    rows = ask("analytics/requests-per-endpoint").json()["rows"]
    assert rows[0] == {
        "method": "GET",
        "endpoint": "/a/{id}",
        "count": 2,
        "share": 0.666667,
        "client_errors": 0,
        "server_errors": 1,
        "error_rate": 0.5,
        "p50_ms": 10,
        "p95_ms": 10,
    }
    assert (rows[1]["endpoint"], rows[1]["error_rate"], rows[1]["p50_ms"]) == ("/b", None, None)
