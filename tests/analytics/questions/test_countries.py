"""Countries over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_rows_have_share_and_errors(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(
        {"attributes": {"client.geo.country_iso_code": "DE", "status": "502"}},
        {"attributes": {"client.geo.country_iso_code": "DE", "status": "200"}},
        {"attributes": {"client.geo.country_iso_code": "other", "status": "404"}},
        {"message": "no request"},
        {"app": "bravo", "attributes": {"client.geo.country_iso_code": "secret"}},
    )
    body = ask("analytics/countries").json()
    assert set(body) == {"rows", "is_truncated", "took_ms"}
    assert body["rows"] == [
        {
            "country": "DE",
            "count": 2,
            "share": 0.666667,
            "client_errors": 0,
            "server_errors": 1,
            "error_rate": 0.5,
        },
        {
            "country": "other",
            "count": 1,
            "share": 0.333333,
            "client_errors": 1,
            "server_errors": 0,
            "error_rate": 0,
        },
    ]
    assert ask("analytics/countries", limit=1).json()["is_truncated"]
