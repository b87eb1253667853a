"""Plain text."""

from datetime import UTC, datetime

from tests.parsing.ways import ARRIVAL, records


def test_a_line_is_its_own_message() -> None:
    """Severity comes from its words, the time from its arrival."""
    row = records(["  something failed\t"])[0]
    assert (row["message"], row["severity"], row["timestamp"], row["attributes"]) == (
        "  something failed\t",
        17,
        ARRIVAL,
        {},
    )


def test_a_leading_stamp_is_the_time() -> None:
    """ISO-8601 at the start, in brackets or not; elsewhere it is only text."""
    lines = [
        "2026-11-20T10:00:01.5Z start",
        "[2026-11-20 10:00:01,250] start",
        "2026-11-20 10:00:01",
        "at 2026-11-20T10:00:01Z",
        "2026-11-20T10:00:01.5.6 odd",
    ]
    seconds = [row["timestamp"] for row in records(lines)]
    at = datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)
    expected = [at.replace(microsecond=500_000), at.replace(microsecond=250_000), at]
    assert seconds == [*expected, ARRIVAL, ARRIVAL]


def test_a_stamp_out_of_range_is_noted() -> None:
    """As for every other format."""
    row = records(["2999-01-01 00:00:00 start"])[0]
    assert (row["timestamp"], row["attributes"]) == (
        ARRIVAL,
        {"_time_error": "2999-01-01 00:00:00"},
    )
