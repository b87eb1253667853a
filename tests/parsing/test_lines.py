"""Splitting bodies into lines."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logplatform.kernel.lines import count_lines
from parsing import split_bodies, split_lines
from parsing.views import place_of

_PIECES = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b" ", b"\t", b"\x0b", b"\x0c", b"a", b"\xff", b"\xc2\xa0"]
    + ["\u2028".encode(), "\u0085".encode(), b"\x1c", b"\x00", b"{}"]
)


@given(st.lists(_PIECES, max_size=12).map(b"".join) | st.binary(max_size=30))
@example(b"")
def test_the_door_and_the_worker_count_the_same_lines(body: bytes) -> None:
    """`count_lines` is `len(split_lines)`, and no byte of a line is lost."""
    lines = split_lines(body)
    assert len(lines) == count_lines(body)
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    kept = [line.removesuffix(b"\r") for line in body.split(b"\n") if line.strip(b" \t\r\v\f")]
    assert raw == kept


@given(st.lists(st.integers(0, 15).map(lambda n: b"x" * n + b"end of it\r" * (n > 3)), max_size=9))
def test_long_and_short_lines_and_none_between(lines: list[bytes]) -> None:
    """Long lines are views into the body, short ones are not; both say the same."""
    found = split_lines(b"\n".join(lines))
    assert found.to_list() == [line.decode().removesuffix("\r") for line in lines if line]


@given(st.lists(st.lists(_PIECES, max_size=6).map(b"".join), min_size=1, max_size=6))
def test_several_bodies_are_their_lines_one_after_the_other(bodies: list[bytes]) -> None:
    lines = [line for body in bodies for line in split_lines(body).cast(pl.Binary)]
    assert split_bodies(bodies).cast(pl.Binary).to_list() == lines


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_several_bodies_have_no_gaps_between_their_lines(end: bytes) -> None:
    """So that all of them are looked at without a copy."""
    body = b'{"message": "one"}\n{"message": "two"}' + end
    assert place_of(split_bodies([body, body, body])) is not None


def test_only_line_feeds_end_lines() -> None:
    """Other separators that Python knows stay inside."""
    body = "a\u2028b\x0bc\x0cd\x85e\r\n \t\nf".encode()
    assert split_lines(body).to_list() == ["a\u2028b\x0bc\x0cd\x85e", "f"]
