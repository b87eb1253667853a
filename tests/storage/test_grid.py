"""Buckets of charts."""

from datetime import timedelta

import pytest

from storage.contracts import LogQuery
from storage.grid import AUTO_BUCKETS, NICE_S, auto_interval_s, grid_of
from tests.storage.records import AT


@pytest.mark.parametrize("span_s", [60, 900, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400])
def test_the_automatic_interval_gives_a_chart_worth_looking_at(span_s: int) -> None:
    width = auto_interval_s(span_s)
    assert width in NICE_S
    assert 45 <= span_s / width <= AUTO_BUCKETS


def test_buckets_begin_at_round_times() -> None:
    query = LogQuery(apps=(), start=AT + timedelta(seconds=33), end=AT + timedelta(seconds=61))
    grid = grid_of(query, 30)
    assert [start[14:] for start in grid.starts()] == ["00:30Z", "01:00Z"]
