"""Times by layout: missing years, zones by name, fractions."""

from datetime import UTC, datetime

import polars as pl
import pytest

from parsing.times import read_times


def _read(text: str, layout: str, arrival: str, zone: str = "UTC") -> str | None:
    arrived = pl.Series([datetime.fromisoformat(arrival)], dtype=pl.Datetime("ns", "UTC"))
    found = read_times(pl.Series([text]), layouts=(layout,), zone=zone, arrival=arrived)[0]
    return found and found.astimezone(UTC).replace(tzinfo=None).isoformat()


@pytest.mark.parametrize(
    ("text", "arrival", "expected"),
    [
        ("Dec 31 23:59:59", "2026-01-01T00:10:00Z", "2025-12-31T23:59:59"),
        ("Jan  1 00:10:00", "2025-12-31T23:59:00Z", "2026-01-01T00:10:00"),
        ("Jan  1 00:10:00", "2026-01-01T00:10:05Z", "2026-01-01T00:10:00"),
        ("Nov 23 12:00:00", "2026-11-22T10:00:00Z", "2025-11-23T12:00:00"),
        ("Feb 29 10:00:00", "2026-01-01T00:00:00Z", "2024-02-29T10:00:00"),
        ("Feb 30 10:00:00", "2026-01-01T00:00:00Z", None),
        ("", "2026-01-01T00:00:00Z", None),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_ahead(
    text: str, arrival: str, expected: str | None
) -> None:
    """Around New Year as well, and for days that not every year has."""
    assert _read(text, "%b %e %H:%M:%S%.f", arrival) == expected


def test_a_missing_year_counts_in_the_zone_of_the_source() -> None:
    """It is already next year in Tokyo."""
    found = _read("Jan  1 00:10:00", "%b %e %H:%M:%S", "2025-12-31T15:11:00Z", "Asia/Tokyo")
    assert found == "2025-12-31T15:10:00"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-03-17T16:13:38"),
        ("CET", "2026-03-17T15:13:38"),
        ("PST", "2026-03-18T00:13:38"),
        ("Europe/Berlin", "2026-03-17T15:13:38"),
        ("NOZONE", "2026-03-17T07:13:38"),
        ("../../etc", "2026-03-17T07:13:38"),
        ("x" * 5000, "2026-03-17T07:13:38"),
    ],
)
def test_zones_have_names(zone: str, expected: str) -> None:
    """One that nobody knows is the source's."""
    text, arrival = f"17-Mar-2026 16:13:38 {zone}", "2026-04-01T00:00:00Z"
    assert _read(text, "%d-%b-%Y %H:%M:%S %Z", arrival, "Asia/Tokyo") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20171223-22:15:29:606", "2017-12-23T22:15:29.606000"),
        ("20171224-0:7:20:44", "2017-12-24T00:07:20.044000"),
        ("20171224-0:7:20:4", "2017-12-24T00:07:20.004000"),
    ],
)
def test_milliseconds_may_lack_zeros(text: str, expected: str) -> None:
    """44 is 44 ms, not 440."""
    assert _read(text, "%Y%m%d-%H:%M:%S:%L", "2026-01-01T00:00:00Z") == expected


def test_layouts_are_asked_one_after_the_other() -> None:
    """`iso` among them."""
    text = pl.Series(["11/Feb/2026:06:43:36 +0100", "2026-02-11T06:43:36Z", "no"])
    found = read_times(text, layouts=("%d/%b/%Y:%H:%M:%S %z", "iso"), zone="UTC")
    assert [each and each.hour for each in found] == [5, 6, None]
