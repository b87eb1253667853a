"""Counts over time over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_the_whole_range_is_counted(ask: Ask) -> None:
    histogram = ask("logs/histogram", start="now-2m", end="now", interval=60).json()
    assert histogram["interval_s"] == 60
    assert [bucket["counts"] for bucket in histogram["buckets"]] == [{}, {"INFO": 2, "ERROR": 1}]
    assert 60 <= len(ask("logs/histogram").json()["buckets"]) <= 121
