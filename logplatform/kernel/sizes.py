"""Sizes in bytes as people write them: 512M, 50G (powers of 1024)."""

_UNITS = (("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10))


def parse_size(text: str) -> int:
    """Bytes, with an optional suffix K, M, G or T.

    Raises:
        ValueError: it is no size.
    """
    factor = dict(_UNITS).get(text[-1:].upper(), 1)
    digits = text[:-1] if factor > 1 else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15:
        raise ValueError("needs a size such as 512M")
    return int(digits) * factor


def write_size(size: int) -> str:
    """The size so that `parse_size` gives it again, as short as that allows."""
    for letter, factor in _UNITS:
        if size and size % factor == 0:
            return f"{size // factor}{letter}"
    return str(size)
