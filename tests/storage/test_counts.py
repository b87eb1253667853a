"""Counts, histograms and figures over the real engine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from storage import facade
from storage.contracts import InvalidInterval, InvalidLimit, LogQuery
from tests.storage.records import AT

Store = Callable[..., list[str]]


def test_a_histogram_covers_the_whole_range_with_empty_buckets(store: Store) -> None:
    minutes = [(0, 9), (0, 17), (2, 9), (4, 21), (5, 9)]
    store(*({"timestamp": AT + timedelta(minutes=m), "severity": s} for m, s in minutes))
    query = LogQuery(apps=("shop",), start=AT + timedelta(seconds=0), end=AT + timedelta(minutes=5))
    histogram = facade.histogram_logs(query, interval_s=60)
    assert [(bucket.start[11:], bucket.counts) for bucket in histogram.buckets] == [
        ("10:00:00Z", {"INFO": 1, "ERROR": 1}),
        ("10:01:00Z", {}),
        ("10:02:00Z", {"INFO": 1}),
        ("10:03:00Z", {}),
        ("10:04:00Z", {"FATAL": 1}),
    ]


def test_buckets_start_at_round_times_and_sum_to_the_count(store: Store) -> None:
    store(*({"timestamp": AT + timedelta(seconds=7 * n)} for n in range(100)))
    query = LogQuery(
        apps=("shop",), start=AT + timedelta(seconds=33), end=AT + timedelta(seconds=500)
    )
    histogram = facade.histogram_logs(query)
    assert histogram.interval_s == 5
    assert histogram.buckets[0].start == "2026-11-22T10:00:30Z"
    total = sum(sum(bucket.counts.values()) for bucket in histogram.buckets)
    assert total == facade.count_logs(query) == 67


def test_an_open_range_is_that_of_the_records(store: Store) -> None:
    store({"timestamp": datetime(1969, 12, 31, 23, 59, 30, tzinfo=UTC)}, {})
    histogram = facade.histogram_logs(LogQuery(apps=("shop",)))
    assert sum(sum(bucket.counts.values()) for bucket in histogram.buckets) == 2
    assert facade.histogram_logs(LogQuery(apps=("zoo",))).buckets == []


@pytest.mark.parametrize("interval_s", [-5, 0, 1])
@pytest.mark.usefixtures("clickhouse")
def test_an_interval_that_does_not_fit_is_refused(interval_s: int) -> None:
    query = LogQuery(apps=("shop",), start=AT, end=AT + timedelta(days=1))
    with pytest.raises(InvalidInterval):
        facade.histogram_logs(query, interval_s=interval_s)


def test_stats_add_up(store: Store) -> None:
    store(
        {"severity": 17, "service": "auth"},
        {"severity": 24, "service": "cart", "timestamp": AT + timedelta(seconds=1.5)},
        *({"severity": 9, "service": "auth"} for _ in range(2)),
        {"severity": 17, "app": "other"},
    )
    stats = facade.stats_logs(LogQuery(apps=("shop",)))
    assert (stats.total, stats.error_rate) == (4, 0.5)
    assert stats.by_level == {"INFO": 2, "ERROR": 1, "FATAL": 1}
    assert stats.by_service == {"auth": 3, "cart": 1}
    assert (stats.first, stats.last) == ("2026-11-22T10:00:00Z", "2026-11-22T10:00:01.500Z")


def test_stats_of_nothing_are_zero(store: Store) -> None:
    for apps in ((), ("shop",)):
        stats = facade.stats_logs(LogQuery(apps=apps))
        assert (stats.total, stats.by_level, stats.error_rate, stats.first) == (0, {}, 0.0, None)


def test_stats_say_when_there_are_more_services(store: Store) -> None:
    store(*({"service": f"s{n}"} for n in range(9)), {"service": "s8"})
    for services, told in ((1, {"s8": 2}), (2, {"s8": 2, "s0": 1})):
        stats = facade.stats_logs(LogQuery(apps=("shop",)), services=services)
        assert (stats.by_service, stats.services, stats.is_truncated) == (told, 9, True)
    stats = facade.stats_logs(LogQuery(apps=("shop",)))
    assert (len(stats.by_service), stats.services, stats.is_truncated) == (9, 9, False)
    for services in (0, 1_001):
        with pytest.raises(InvalidLimit):
            facade.stats_logs(LogQuery(apps=("shop",)), services=services)
