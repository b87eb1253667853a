"""Sizes in bytes as people write them: 512M, 50G or 2gb (powers of 1024)."""

import re

_UNITS = (("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10))
_SIZE = re.compile(r"([0-9]{1,15})(?:([KMGT])B?)?", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes, with an optional suffix K, M, G or T, which may have a B behind it.

    Raises:
        ValueError: it is no size.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError("needs a size such as 512M")
    return int(found[1]) * dict(_UNITS).get((found[2] or "").upper(), 1)


def write_size(size: int) -> str:
    """The size so that `parse_size` gives it again, as short as that allows."""
    for letter, factor in _UNITS:
        if size and size % factor == 0:
            return f"{size // factor}{letter}"
    return str(size)
