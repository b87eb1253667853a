"""The rows of an insert as a file that the engine reads itself."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

_IN_MEMORY_BYTES = 64 << 20


@contextmanager
def as_file(rows: bytes, rest: BinaryIO) -> Iterator[str]:
    """The path of a file with `rows` and what follows in `rest`: in memory, or on disk if large."""
    piece = rows or rest.read(_IN_MEMORY_BYTES)
    following = rest.read(_IN_MEMORY_BYTES)
    with _new_file(is_large=len(piece) + len(following) > _IN_MEMORY_BYTES) as file:
        while piece:
            file.write(piece)
            piece, following = following, rest.read(_IN_MEMORY_BYTES)
        file.flush()
        yield f"/dev/fd/{file.fileno()}"


def _new_file(*, is_large: bool) -> BinaryIO:
    if is_large or not hasattr(os, "memfd_create"):
        return tempfile.TemporaryFile()
    return os.fdopen(os.memfd_create("rows"), "wb", buffering=0)
