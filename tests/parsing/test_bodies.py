"""Where the header of a line ends, and that finding it changes no field."""

import polars as pl
import pytest

from parsing import log_formats
from parsing.bodies import BODY, mark_body

_PATTERNS = [(name, pattern) for name, each in log_formats().items() for pattern in each.patterns]


@pytest.mark.parametrize(
    ("regex", "marked"),
    [
        (r"^(?P<host>\S+): .*$", rf"^(?P<host>\S+)(?P<{BODY}>: .*)$"),
        (r"^(?:\[(?P<pid>[0-9]+)\])? .*$", rf"^(?:\[(?P<pid>[0-9]+)\])?(?P<{BODY}> .*)$"),
        (
            r"^(?P<host>[^)]+) (?P<path>\S+) .*$",
            rf"^(?P<host>[^)]+)(?P<{BODY}> (?P<path>\S+) .*)$",
        ),
        (
            r"^(?P<level>\w+) .*\((?P<logger>\w+)\)$",
            rf"^(?P<level>\w+)(?P<{BODY}> .*\((?P<logger>\w+)\))$",
        ),
        (r"^(?P<host>[(]x{2,3}){2,}? .*$", rf"^(?P<host>[(]x{{2,3}}){{2,}}?(?P<{BODY}> .*)$"),
    ],
)
def test_the_end_of_the_header_is_found(regex: str, marked: str) -> None:
    assert mark_body(regex) == marked


@pytest.mark.parametrize(
    "regex",
    [
        r"^(?P<path>\S+) .*$",
        r"^(?P<host>\S+): (?P<message>.*)$",
        r"^(?P<host>\S+)$",
        r"^(?P<host>\S+) .*",
        r"^(?P<host>\S+) .*|x .*$",
        r"^(?P<host>\S+) \.+$",
    ],
)
def test_a_pattern_without_a_header_stays(regex: str) -> None:
    assert mark_body(regex) == regex


@pytest.mark.parametrize(("name", "pattern"), _PATTERNS, ids=lambda value: str(value)[:30])
def test_marking_changes_no_field(name: str, pattern: str) -> None:
    lines = pl.Series([sample.line for sample in log_formats()[name].samples])
    plain = lines.str.extract_groups(pattern).struct.unnest()
    marked = lines.str.extract_groups(mark_body(pattern)).struct.unnest()
    assert marked.drop(BODY, strict=False).equals(plain)
