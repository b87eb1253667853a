"""Failed requests over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_every_bucket_has_its_errors(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(*({"attributes": {"status": status}} for status in ("200", "404", "500", "200")))
    body = ask("analytics/error-rate", interval=60, start="now-2m").json()
    figures = {"count": 4, "client_errors": 1, "server_errors": 1, "error_rate": 0.25}
    assert (body["interval_s"], body["total"]) == (60, figures)
    assert body["rows"][1] == {"start": "2026-11-22T10:00:00Z", **figures}
    assert body["rows"][0]["count"] == 0
    assert ask("analytics/error-rate").json()["total"] == figures


@pytest.mark.parametrize("interval", ["0", "x", "-1"])
def test_an_interval_that_is_none_is_refused(ask_of: Callable[..., Ask], interval: str) -> None:
    assert ask_of({})("analytics/error-rate", interval=interval).status_code == 400
