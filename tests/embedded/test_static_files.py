"""Static files are collected again exactly when a source changed."""

import os
import time
from pathlib import Path
from typing import Any

from logplatform.embedded.static_files import collect_static_files


def test_only_changes_are_collected(settings: Any, tmp_path: Path) -> None:
    source, settings.STATIC_ROOT = tmp_path / "source", tmp_path / "root"
    source.mkdir()
    (source / "a.css").write_text("a")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    assert [collect_static_files(), collect_static_files()] == [True, False]
    (source / "a.css").write_text("changed")
    os.utime(source / "a.css", (time.time() + 60,) * 2)
    assert [collect_static_files(), collect_static_files()] == [True, False]
    assert (settings.STATIC_ROOT / "a.css").read_text() == "changed"
    finders.get_finder.cache_clear()
