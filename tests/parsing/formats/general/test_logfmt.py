"""logfmt."""

import pytest

from tests.parsing.ways import records


@pytest.mark.parametrize("count", [1, 300])
def test_pairs_become_fields_alone_and_among_many(count: int) -> None:
    """Named as in JSON; what is not named is an attribute."""
    line = 'ts=2026-02-11T06:43:36Z lvl=warn msg="a \\"b\\"" app.id=7 empty='
    for row in records([line] * count):
        assert row["format"] == "logfmt"
        assert (row["severity"], row["message"]) == (13, 'a "b"')
        assert row["attributes"] == {"app.id": "7", "empty": ""}


def test_without_a_message_the_line_is_the_message() -> None:
    """There is always something to read."""
    assert records(["at=info path=/ status=200"])[0]["message"] == "at=info path=/ status=200"


@pytest.mark.parametrize("line", ["a=1", "a=1 b", 'a=1 b="c', "=1 b=2", "a = 1 b = 2"])
def test_a_text_with_a_pair_in_it_is_text(line: str) -> None:
    """Only a line that is nothing but pairs is taken apart."""
    assert records([line])[0]["format"] == "text"
