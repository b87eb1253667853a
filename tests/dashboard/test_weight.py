"""All scripts and styles of all pages together stay small enough for a slow line."""

import gzip
import re
from pathlib import Path

import pytest

from dashboard.templatetags.modules import imported_by

MOST_BYTES = 200_000
FOLDERS = ("dashboard/static", "logplatform/static")


def test_scripts_and_styles_weigh_200_kb_at_most() -> None:
    files = [
        path
        for folder in FOLDERS
        for path in Path(folder).rglob("*")
        if path.suffix in (".js", ".css")
    ]
    weights = {str(path): len(gzip.compress(path.read_bytes(), 9)) for path in files}
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:5]
    assert sum(weights.values()) <= MOST_BYTES, heaviest


@pytest.mark.parametrize("entry", ["explorer", "boards", "sources"])
def test_a_page_asks_early_for_every_module_it_loads(entry: str) -> None:
    found = imported_by(entry)
    assert {"dom", "time", "api", "keys"} <= found
    for name in found:
        text = Path(f"dashboard/static/dashboard/js/{name}.js").read_text()
        assert set(re.findall(r'from "\./([\w-]+)\.js"', text)) <= found
