"""Collects static files when they changed: hashing and compressing all of them takes seconds."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

_MARK = "collected.sha256"


def collect_static_files() -> bool:
    """Bring STATIC_ROOT up to date; returns whether there was anything to do."""
    mark = Path(settings.STATIC_ROOT) / _MARK
    digest = _digest()
    if mark.exists() and mark.read_text() == digest:
        return False
    # Cleared, because by itself it keeps a file that is younger than its changed source.
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(digest)
    return True


def _digest() -> str:
    """Changes with the name, size or time of any source file and with the way they are stored."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
