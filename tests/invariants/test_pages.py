"""Log lines are hostile text: nothing we serve turns text into markup."""

import re

import pytest

from tests.invariants.sources import name_of, tracked_files

FORBIDDEN = {
    ".html": (
        r"\|\s*safe\b",
        r"autoescape\s+off",
        r"\{%\s*filter\s+safe",
        r"\son[a-z]+\s*=\s*[\"']",
    ),
    ".js": (r"innerHTML", r"outerHTML", r"insertAdjacentHTML", r"document\.write", r"\beval\("),
    ".py": (r"mark_safe", r"SafeString\(", r"html_safe"),
}


def ours() -> list[tuple[str, str]]:
    """(name, text) of templates, scripts and views; neither vendored files nor tests."""
    return [
        (name_of(path), path.read_text())
        for path in tracked_files()
        if path.suffix in FORBIDDEN
        and "vendor" not in path.parts
        and not name_of(path).startswith("tests/")
    ]


@pytest.mark.parametrize("suffix", sorted(FORBIDDEN))
def test_no_page_turns_text_into_markup(suffix: str) -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in ours()
        if name.endswith(suffix)
        for pattern in FORBIDDEN[suffix]
        for match in re.finditer(pattern, text)
    ]
    assert not found, f"Use textContent, templates' own escaping or format_html: {found}"


def test_pages_load_nothing_from_other_hosts() -> None:
    outside = re.compile(r"""(?:src|href)\s*=\s*["']https?://|@import\s+["']?https?:""")
    found = [name for name, text in ours() if name.endswith(".html") and outside.search(text)]
    assert not found, f"Vendor what these load from other hosts: {found}"
