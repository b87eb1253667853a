"""Sizes as people write them."""

import pytest

from logplatform.kernel.sizes import parse_size, write_size


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("7", 7), ("512M", 512 << 20), ("2gb", 2 << 30), ("1Tb", 1 << 40)]
)
def test_a_size_has_a_letter_or_two_or_none(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "M", "5B", "-1", "1e3", "1.5G", "1 G", "\uff11M", "5\u212a", "9" * 16]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="512M"):
        parse_size(text)


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 3 << 30, (1 << 40) + 1])
def test_a_size_that_is_written_is_read_again(size: int) -> None:
    assert parse_size(write_size(size)) == size
