"""Splitting bodies into lines."""

from hypothesis import example, given
from hypothesis import strategies as st

from logplatform.kernel.lines import count_lines
from parsing import split_lines

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


def test_only_line_feeds_end_lines() -> None:
    """Other separators that Python knows stay inside."""
    body = "a\u2028b\x0bc\x0cd\x85e\r\n \t\nf".encode()
    assert split_lines(body).to_list() == ["a\u2028b\x0bc\x0cd\x85e", "f"]
