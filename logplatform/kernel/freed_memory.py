"""What the C library does with memory a process has freed: kept for the next body, or once for all.

Pages that were given back have to be got from the kernel again, which cost as much as parsing, two
fifths of the queue's CPU for a large body and a quarter of the door's (decisions 14 and 17).
"""

import ctypes
from collections.abc import Mapping
from contextlib import suppress

# Of mallopt(3): above which size memory is mapped, above which it is given back, how many heaps.
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -3, -1, -8
# Older C libraries refuse more and would fall back to 128 KiB.
_ALWAYS_TAKEN = 32 << 20


def keep_freed(size: int) -> None:
    """Let this process use freed blocks again, each and together up to this many bytes a heap."""
    _tune(_M_MMAP_THRESHOLD, min(size, _ALWAYS_TAKEN))
    _tune(_M_MMAP_THRESHOLD, size)
    _tune(_M_TRIM_THRESHOLD, size)


def share_freed() -> None:
    """Keep freed memory of this process in one heap, not in one for each thread that was busy."""
    _tune(_M_ARENA_MAX, 1)


def keeps_freed(size: int) -> Mapping[str, str]:
    """The environment in which a program that is not ours does what `keep_freed` does."""
    threshold = min(size, _ALWAYS_TAKEN)
    return {
        "GLIBC_TUNABLES": f"glibc.malloc.mmap_threshold={threshold}"
        f":glibc.malloc.trim_threshold={size}"
    }


def _tune(parameter: int, value: int) -> None:
    with suppress(AttributeError):  # a C library without it
        ctypes.CDLL(None).mallopt(parameter, value)
