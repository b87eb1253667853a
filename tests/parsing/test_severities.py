"""Levels, a column at a time."""

import polars as pl
import pytest

from logplatform.kernel.levels import SEVERITY_OF_WORD, severity_of_level
from parsing.severities import (
    facilities,
    severities_in_text,
    severity_of_priority,
    severity_of_status,
    severity_of_words,
)


def test_the_column_and_the_kernel_agree_on_every_word() -> None:
    """One table, two ways in."""
    words = [*SEVERITY_OF_WORD, *(word.upper() for word in SEVERITY_OF_WORD), "no", "", " Warn "]
    found = pl.DataFrame({"word": words}).select(severity_of_words(pl.col("word"))).to_series()
    assert found.to_list() == [severity_of_level(word) for word in words]


def test_http_answers_have_a_severity() -> None:
    """5xx is an error, 4xx a warning."""
    status = pl.DataFrame({"status": ["200", "304", "404", "503", None]})
    found = status.select(severity_of_status(pl.col("status"))).to_series()
    assert found.to_list() == [9, 9, 13, 17, None]


def test_a_priority_that_syslog_does_not_have_says_nothing() -> None:
    """RFC 5424 ends at 191; 192 would be an emergency of nobody."""
    pri = pl.DataFrame({"pri": ["34", "191", "192", "999", "-1", "", "x", None]})
    found = pri.select(severity_of_priority(pl.col("pri"))).to_series()
    assert found.to_list() == [21, 5, None, None, None, None, None, None]
    assert pri.select(facilities(pl.col("pri"))).to_series().to_list()[1:3] == ["local7", None]


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("2026-01-01 10:00:00 INFO nothing failed", 9),
        ("WARN: disk almost full", 13),
        ("app[12]: [error] no route", 17),
        ("level=debug msg=x error=none", 5),
        ("Traceback (most recent call last):", 17),
        ("kernel panic - not syncing", 23),
        ("java.lang.NullPointerException: x", 17),
        ("connection failed", 17),
        ("feature is deprecated", 13),
        ("Segmentation fault (core dumped)", 21),
        ("the terror of informations", None),
        ("hello", None),
    ],
)
def test_a_line_of_text_tells_its_severity(line: str, severity: int | None) -> None:
    """A level as such goes before other words."""
    assert severities_in_text(pl.Series([line])).to_list() == [severity]
