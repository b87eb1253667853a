"""Times as senders write them."""

from datetime import UTC, datetime

import polars as pl
import pytest

from parsing.times import read_layout, read_times

_SECOND = 1_000_000_000


def _ns(text: str, *, zone: str = "UTC") -> int | None:
    """Read among values of other shapes, and alone: both must agree."""
    alone = read_times(pl.Series([text]), zone=zone).to_physical()[0]
    others = ["2026-01-01T00:00:00.123Z", "x", "1700000000", "2026-01-01 00:00:00", None, "y", "z"]
    mixed = read_times(pl.Series([*others, text]), zone=zone).to_physical()[-1]
    assert alone == mixed
    return alone if alone is None else int(alone)


def _at(*parts: int, ns: int = 0) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * _SECOND + ns  # type: ignore[arg-type, misc]  # never tzinfo


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:01Z", _at(2026, 11, 22, 10, 0, 1)),
        ("2026-11-22T10:00:01", _at(2026, 11, 22, 10, 0, 1)),
        ("2026-11-22 10:00:01", _at(2026, 11, 22, 10, 0, 1)),
        ("2026-11-22T10:00Z", _at(2026, 11, 22, 10)),
        ("2026-11-22t10:00:01z", _at(2026, 11, 22, 10, 0, 1)),
        ("2026-11-22 10:00:01 UTC", _at(2026, 11, 22, 10, 0, 1)),
        ("2026-11-22T10:00:01.123456789Z", _at(2026, 11, 22, 10, 0, 1, ns=123456789)),
        ("2026-11-22T10:00:01,5Z", _at(2026, 11, 22, 10, 0, 1, ns=500_000_000)),
        ("2026-11-22 10:00:01,250", _at(2026, 11, 22, 10, 0, 1, ns=250_000_000)),
        ("2026-11-22T10:00:01.12345+14:00", _at(2026, 11, 21, 20, 0, 1, ns=123_450_000)),
        ("2026-11-22T10:00:01-0730", _at(2026, 11, 22, 17, 30, 1)),
        ("2026-11-22T10:00:01+05", _at(2026, 11, 22, 5, 0, 1)),
        ("2026-11-22T10:00:01.1234567890123Z", _at(2026, 11, 22, 10, 0, 1, ns=123456789)),
        ("1700000000", 1_700_000_000 * _SECOND),
        ("1700000000.123456789", 1_700_000_000 * _SECOND + 123456789),
        ("1700000000123", 1_700_000_000_123_000_000),
        ("1700000000123.5", 1_700_000_000_123_500_000),
        ("1700000000123456", 1_700_000_000_123_456_000),
        ("1700000000123456789", 1_700_000_000_123_456_789),
        ("1.7e9", 1_700_000_000 * _SECOND),
        ("0", 0),
        ("-5", -5 * _SECOND),
        ("-1.5", -1_500_000_000),
    ],
)
def test_times_of_every_spelling_are_read(text: str, expected: int) -> None:
    """ISO-8601 with any zone and digits, and epochs told apart by magnitude."""
    assert _ns(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:60Z", "2999-01-01T00:00:00Z", "2026-11-22T10:00:01+99:99", "1e400",
        "inf", "nan", "99999999999999999999999", "9999999999999999999", "1e30", "2026-11-32",
        "1700000000 s", "--5", "2026-11-22T25:00:00Z", "１７００００００００",
    ],
)  # fmt: skip
def test_what_is_no_time_is_null(text: str) -> None:
    """Nothing raises and nothing wraps around into another century."""
    assert _ns(text) is None


def test_times_without_a_zone_take_the_given_one() -> None:
    """At a fold the earlier instant counts, in a gap the clock moves on."""
    assert _ns("2026-01-05T12:00:00", zone="Europe/Berlin") == _at(2026, 1, 5, 11)
    assert _ns("2026-01-05T12:00:00Z", zone="Europe/Berlin") == _at(2026, 1, 5, 12)
    assert _ns("2026-10-25T02:30:00", zone="Europe/Berlin") == _at(2026, 10, 25, 0, 30)
    assert _ns("2026-03-29T02:30:00", zone="Europe/Berlin") == _at(2026, 3, 29, 1, 30)


def test_a_layout_beyond_nanosecond_range_is_null() -> None:
    """Datetime[ns] ends in 2262; a year after it must not come back as 1816."""
    layout = "%d/%b/%Y:%H:%M:%S %z"
    found = read_layout(
        pl.Series(["10/Oct/2000:13:55:36 -0700", "10/Oct/9999:13:55:36 +0000", "-"]),
        layout,
        zone="UTC",
    )
    assert found.to_physical().to_list() == [_at(2000, 10, 10, 20, 55, 36), None, None]


def test_a_layout_with_digits_keeps_nanoseconds() -> None:
    """Layouts with a fraction are read at full precision, in their zone."""
    layout = "%Y/%m/%d %H:%M:%S.%9f"
    found = read_layout(pl.Series(["2026/01/05 12:00:00.123456789"]), layout, zone="Asia/Tokyo")
    assert found.to_physical()[0] == _at(2026, 1, 5, 3, ns=123456789)
