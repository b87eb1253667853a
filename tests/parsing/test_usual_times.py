"""Times of every usual layout, in JSON and at the start of a line of text."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.times import read_times
from parsing.usual_times import as_iso
from tests.parsing.ways import records

AT = datetime(2026, 2, 11, 6, 43, 36, tzinfo=UTC)
SAME = [
    "2026-02-11 06:43:36 UTC",
    "2026-02-11 07:43:36 CET",
    "2026/02/11 06:43:36",
    "2026.02.11 06:43:36",
    "20260211T064336Z",
    "20260211 06:43:36",
    "11/Feb/2026:07:43:36 +0100",
    "11-Feb-2026 06:43:36",
    "11 Feb 2026 06:43:36",
    "Wed, 11 Feb 2026 06:43:36 GMT",
    "Wednesday, 11 February 2026 06:43:36 +0000",
    "Wed Feb 11 06:43:36 2026",
    "Wed Feb 11 06:43:36 UTC 2026",
    "Feb 11, 2026 6:43:36 AM",
    "February 11, 2026 06:43:36",
    "Feb 11 2026 06:43:36",
    "Feb 11 06:43:36",
    "02/11/2026 06:43:36 AM",
    "02/11/2026 06:43:36",
    "11.02.2026 06:43:36",
    "1770792216",
    "1770792216000",
]


@pytest.mark.parametrize("written", SAME)
def test_a_time_is_read_in_json_and_before_text(written: str) -> None:
    rows = records([json.dumps({"time": written, "msg": "m"}), f"{written} - all is well"])
    assert [row["timestamp"] for row in rows] == [AT, AT], rows


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("13/02/2026 06:43:36", "2026-02-13T06:43:36"),
        ("02/13/2026 12:00:00 AM", "2026-02-13T00:00:00"),
        ("2/3/2026 12:30:00 PM", "2026-02-03T12:30:00"),
        ("2026-02-11", "2026-02-11T00:00:00"),
        ("Wed, 11 Feb 2026 06:43:36 GMT+0100", "2026-02-11T06:43:36+0100"),
        ("11/Feb/2026:06:43:36.125 -0330", "2026-02-11T06:43:36.125-0330"),
        ("Wed Feb 11 06:43:36 XYZT 2026", "2026-02-11T06:43:36"),
        ("11 Fab 2026 06:43:36", None),
        ("yesterday", None),
        ("31/31/2026 06:43:36", "2026-31-31T06:43:36"),
    ],
)
def test_the_value_tells_its_layout(written: str, meant: str | None) -> None:
    assert as_iso(pl.Series([written])).to_list() == [meant]


def test_what_is_no_date_is_no_time() -> None:
    assert (
        read_times(pl.Series(["31/31/2026 06:43:36", "99.99.2026 1:00"]), zone="UTC")
        .is_null()
        .all()
    )


@pytest.mark.parametrize(
    "line", ["May the force be with you", "1770792216x", "20 Cats 2026", "Mon dieu", "10/11 done"]
)
def test_text_that_opens_like_a_date_is_none(line: str) -> None:
    (row,) = records([line])
    assert row["timestamp"].year != 2026 or "_time_error" not in row["attributes"]


@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from(SAME)), max_size=6))
def test_no_text_raises(values: list[str]) -> None:
    text = pl.Series(values, dtype=pl.String)
    assert len(read_times(text, zone="Europe/Berlin")) == len(values)
