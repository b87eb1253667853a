"""What processes keep of freed memory, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from logplatform.kernel.freed_memory import keeps_freed

MB = 1 << 20
is_glibc = "CS_GNU_LIBC_VERSION" in os.confstr_names and "glibc" in (
    os.confstr("CS_GNU_LIBC_VERSION") or ""
)
pytestmark = pytest.mark.skipif(not is_glibc, reason="another C library")

# Pages got from the kernel for ten bodies of 8 MB, one after the other.
FAULTS = """
import resource
from logplatform.kernel.freed_memory import keep_freed
{first}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(2):
    bytes(bytearray(b"x") * {size})
before = faults()
for _ in range(10):
    bytes(bytearray(b"x") * {size})
print(faults() - before)
"""
# Heaps of a process in which eight threads had memory at a time.
HEAPS = """
import ctypes, threading
from logplatform.kernel.freed_memory import share_freed
{first}
barrier = threading.Barrier(9)
def work():
    kept = [bytes(60_000) for _ in range(100)]
    barrier.wait()
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
barrier.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen({path!r}.encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
barrier.wait()
print(open({path!r}).read().count("<heap "))
"""


def number(script: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


def test_kept_memory_is_used_again() -> None:
    script = FAULTS.format(first="", size=8 * MB)
    kept = FAULTS.format(first="keep_freed(64 << 20)", size=8 * MB)
    given_back = number(script)
    assert given_back > 10 * 1000
    assert number(kept) < given_back / 10
    assert number(script, **keeps_freed(64 * MB)) < given_back / 10


def test_blocks_over_32_mb_are_kept_as_well() -> None:
    script = FAULTS.format(first="keep_freed(256 << 20)", size=48 * MB)
    assert number(script) < number(FAULTS.format(first="", size=48 * MB)) / 10


def test_threads_share_one_heap(tmp_path: Path) -> None:
    path = str(tmp_path / "heaps")
    assert number(HEAPS.format(first="", path=path)) > 1
    assert number(HEAPS.format(first="share_freed()", path=path)) == 1
