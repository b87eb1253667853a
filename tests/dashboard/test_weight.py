"""All scripts and styles of all pages together stay small enough for a slow line."""

import gzip
import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("page", ["explorer", "dashboards", "sources"])
def test_a_page_asks_early_for_every_module_it_loads(page: str) -> None:
    """Else the browser learns of each only when the one before has come."""
    template = Path(f"templates/dashboard/{page}.html").read_text()
    preloaded = set(
        re.findall(r'modulepreload" href="{% static \'dashboard/js/([\w-]+)\.js', template)
    )
    entry = re.search(
        r"script type=\"module\" src=\"{% static 'dashboard/js/([\w-]+)\.js", template
    )
    assert entry
    assert preloaded == imported_by(entry[1], set())


def imported_by(module: str, found: set[str]) -> set[str]:
    """Names of the modules it loads, and those load, …"""
    text = Path(f"dashboard/static/dashboard/js/{module}.js").read_text()
    for name in re.findall(r'from "\./([\w-]+)\.js"', text):
        if name not in found:
            found.add(name)
            imported_by(name, found)
    return found
