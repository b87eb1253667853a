"""Collects static files when they changed: hashing and compressing all of them takes seconds."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

_MARK = "collected.sha256"


def collect_static_files() -> bool:
    """Bring STATIC_ROOT up to date; returns whether there was anything to do."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with _alone_in(root):
        mark, digest = root / _MARK, _digest()
        if mark.exists() and mark.read_text() == digest:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(digest)
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two data folders started from one checkout share its static files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _digest() -> str:
    """Changes with the name, size or time of any source file and with the way they are stored."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
