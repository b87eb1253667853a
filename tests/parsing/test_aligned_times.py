"""Times that are written alike are read as one by one, or not at all."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from parsing.aligned_times import read_aligned_times
from parsing.times import read_times

LAYOUTS = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%f+05:30",
    "%Y-%m-%d %H:%M:%S -0800",
]


def moments() -> list[datetime]:
    start = datetime(1999, 12, 27, 3, 4, 5, 678901, tzinfo=UTC)
    steps = [timedelta(days=17.345 * n, microseconds=n * n) for n in range(700)]
    return [start + step for step in steps]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_they_are_what_the_usual_reader_says(layout: str) -> None:
    texts = [moment.strftime(layout) for moment in moments()]
    found = read_aligned_times(pl.Series(texts), "UTC")
    assert found is not None
    one_by_one = [read_times(pl.Series([text, "x"]), zone="UTC")[0] for text in texts[::50]]
    assert found[::50].to_list() == one_by_one


def test_nanoseconds_are_kept() -> None:
    found = read_aligned_times(pl.Series(["2026-02-11T06:43:36.123456789Z"] * 2), "UTC")
    assert found is not None
    whole = datetime(2026, 2, 11, 6, 43, 36, tzinfo=UTC)
    assert found.to_physical()[0] == int(whole.timestamp()) * 10**9 + 123_456_789


@pytest.mark.parametrize(
    "odd",
    [
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "1026-01-01T00:00:00Z", "2126-01-01T00:00:00Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:0xZ", "2026-01-01T00:00:00z",
        "2026-01-01T00:00:0٠Z", "", "2026-01-01T00:00:00",
    ],
)  # fmt: skip
def test_one_that_is_odd_leaves_all_to_the_usual_reader(odd: str) -> None:
    good = "2026-02-28T00:00:00Z"
    for texts in ([good, odd], [odd, good]):
        assert read_aligned_times(pl.Series(texts), "UTC") is None
    assert read_times(pl.Series([good, odd]), zone="UTC")[0] == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_zone_of_the_source_other_than_utc_is_left_to_the_usual_reader() -> None:
    assert read_aligned_times(pl.Series(["2026-02-28T00:00:00"]), "Europe/Berlin") is None


def test_nulls_and_nothing_are_left_to_the_usual_reader() -> None:
    assert read_aligned_times(pl.Series(["2026-02-28T00:00:00Z", None]), "UTC") is None
    assert read_aligned_times(pl.Series([], dtype=pl.String), "UTC") is None
