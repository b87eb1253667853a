"""Durations over HTTP."""

from collections.abc import Callable

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_every_bucket_has_its_percentiles(ask_of: Callable[..., Ask]) -> None:
    ask = ask_of(*({"attributes": {"duration_ms": str(n)}} for n in range(1, 102)))
    body = ask("analytics/latency", interval=60, start="now-2m").json()
    assert body["total"] == {"count": 101, "p50_ms": 51, "p90_ms": 91, "p95_ms": 96, "p99_ms": 100}
    assert body["rows"][0] == {
        "start": "2026-11-22T09:59:00Z", "count": 0, "p50_ms": None, "p90_ms": None,
        "p95_ms": None, "p99_ms": None,
    }  # fmt: skip
