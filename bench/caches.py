"""Empties caches, so that a question is measured as if nobody had asked before."""

import os
from contextlib import suppress

from bench.stack import Stack

_CACHES = (
    "MARK CACHE",
    "UNCOMPRESSED CACHE",
    "INDEX MARK CACHE",
    "INDEX UNCOMPRESSED CACHE",
    "PRIMARY INDEX CACHE",
)


def forget(stack: Stack) -> None:
    """Empty the engine's caches, and the system's of its files."""
    for cache in _CACHES:
        with suppress(RuntimeError):  # not every version has each
            stack.sql(f"SYSTEM DROP {cache}")
    for folder, _, names in os.walk(stack.folder / "engine"):
        for name in names:
            with suppress(OSError):
                _drop_pages(os.path.join(folder, name))


def _drop_pages(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)
