"""Counting lines at the door."""

import pytest

from logplatform.kernel.lines import count_lines


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"", 0), (b"\n", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"a\r\n\r\nb\r\n", 2),
        (b" \t\n\x0b\x0c\na", 1), (b"a\x0bb\x0cc\xe2\x80\xa8d", 1), (b"\xff\n\x00", 2),
    ],
)  # fmt: skip
def test_lines_end_at_line_feeds_and_blank_ones_do_not_count(body: bytes, count: int) -> None:
    """The agreement with the splitter is held by tests/parsing/test_lines.py."""
    assert count_lines(body) == count
