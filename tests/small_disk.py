"""A disk that can be filled: a tmpfs of its own."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MB = 1 << 20


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount it; the test is skipped where that is not allowed."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Ballast:
    """A file that takes the free space away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keeper: threading.Thread | None = None
        self._is_over = threading.Event()

    def leave(self, size: int) -> None:
        """Leave no more than this free; others take some meanwhile."""
        with self._path.open("ab") as file, suppress(OSError):
            while (free := self._free()) > size:
                os.posix_fallocate(file.fileno(), file.seek(0, 2), min(MB, free - size))

    def take_all(self) -> None:
        """Leave nothing, and take what somebody frees, until `drop`."""
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while not self._is_over.wait(0.002):
            self.leave(0)

    def _free(self) -> int:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    def drop(self) -> None:
        """Give all of it back."""
        self._is_over.set()
        if self._keeper:
            self._keeper.join()
        self._path.unlink(missing_ok=True)
