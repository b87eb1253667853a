"""docs/reliability.md and docs/security.md name tests that exist, and every case has its line."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("reliability", "security")}
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", "".join(TEXTS.values()))))
# Of each list the last number, and those that were never given out.
LISTS = {
    ("reliability", "K"): (16, set()),
    ("reliability", "F"): (42, set()),
    ("reliability", ""): (130, set()),
    ("security", "S"): (70, {39, *range(43, 50), *range(57, 60), 69}),
}


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_is_said_to_hold_a_promise_exists(file: str, test: str) -> None:
    text = (ROOT / "tests" / file).read_text()
    assert not test or f"def {test}(" in text


def test_every_row_names_what_holds_it() -> None:
    assert len(NAMED) > 100


@pytest.mark.parametrize(("page", "letter"), LISTS)
def test_every_case_has_one_line(page: str, letter: str) -> None:
    last, unused = LISTS[page, letter]
    cases = TEXTS[page].partition("## Case by case")[2]
    found = [
        number
        for cell in re.findall(rf"^\| ({letter}\d[^|]*?) \|", cases, re.M)
        for number in numbers_of(cell, letter)
    ]
    assert sorted(found) == sorted({*range(1, last + 1)} - unused)


def numbers_of(cell: str, letter: str) -> list[int]:
    """The numbers of a cell such as `K2–K4, K7`."""
    found: list[int] = []
    for part in cell.replace(letter, "").split(", "):
        first, _, last = part.partition("–")
        found += range(int(first), int(last or first) + 1)
    return found
