"""The scale of severities."""

import pytest

from logplatform.kernel.levels import (
    LEVELS,
    level_of_severity,
    severities_of_level,
    severity_of_level,
)


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("trace", "TRACE"), ("Debug", "DEBUG"), ("I", "INFO"), ("NOTICE", "INFO"),
        ("Warning", "WARN"), ("WARN", "WARN"), ("err", "ERROR"), ("SEVERE", "ERROR"),
        ("critical", "FATAL"), ("ALERT", "FATAL"), ("emerg", "FATAL"), ("panic", "FATAL"),
        (" error ", "ERROR"),
    ],
)  # fmt: skip
def test_words_in_any_case_have_a_level(word: str, level: str) -> None:
    """The names of API.md, and the abbreviations that loggers write."""
    severity = severity_of_level(word)
    assert severity is not None
    assert level_of_severity(severity) == level


@pytest.mark.parametrize(
    ("number", "severity"),
    [("0", 24), ("3", 17), ("4", 13), ("7", 5), ("10", 1), ("30", 9), ("60", 21), ("17", 17)],
)
def test_numbers_are_syslog_then_pino_then_opentelemetry(number: str, severity: int) -> None:
    """0-7 are syslog severities, tens to 60 pino levels, the rest of 8-24 OpenTelemetry."""
    assert severity_of_level(number) == severity


@pytest.mark.parametrize("word", ["", "sideways", "25", "-1", "70", "3.5"])
def test_unknown_words_have_no_severity(word: str) -> None:
    """The caller decides what to do with them."""
    assert severity_of_level(word) is None
    assert severities_of_level(word) is None


def test_each_level_holds_four_severities() -> None:
    """A level's range is the four OpenTelemetry numbers of its name."""
    for number, name in enumerate(LEVELS):
        expected = range(number * 4 + 1, number * 4 + 5)
        assert severities_of_level(name) == expected
        assert {level_of_severity(severity) for severity in expected} == {name}


def test_numbers_off_the_scale_take_its_nearest_end() -> None:
    """A stored number is always shown with a name."""
    assert (level_of_severity(0), level_of_severity(99)) == ("TRACE", "FATAL")
