"""Functions and files stay small enough to be read at once."""

from pathlib import Path
from statistics import median

import pytest

from tests.invariants.sources import functions_of, name_of, percentile, python_sources

LONGEST_FUNCTION = 60
LONGEST_VIEWS = 250


@pytest.fixture(scope="module")
def lengths() -> dict[str, int]:
    """Lines of every function."""
    return {
        f"{name_of(path)}:{name}": length
        for path in python_sources()
        for name, length in functions_of(path)
    }


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_function_is_longer_than_sixty_lines(lengths: dict[str, int]) -> None:
    long = {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    assert not long, f"Split these functions: {long}"


def test_half_of_the_functions_have_ten_lines_or_fewer(lengths: dict[str, int]) -> None:
    assert median(lengths.values()) <= 10, "Split functions: the median is over 10 lines."


def test_nine_of_ten_functions_have_thirty_five_lines_or_fewer(lengths: dict[str, int]) -> None:
    assert percentile(list(lengths.values()), 0.9) <= 35, "Split the longest functions."


def test_nine_of_ten_files_have_four_hundred_lines_or_fewer() -> None:
    sizes = {name_of(path): lines_of(path) for path in python_sources()}
    longest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert percentile(list(sizes.values()), 0.9) <= 400, f"Split files by subject: {longest}"


def test_views_have_two_hundred_and_fifty_lines_or_fewer() -> None:
    views = {name_of(p): lines_of(p) for p in python_sources() if p.name == "views.py"}
    long = {name: lines for name, lines in views.items() if lines > LONGEST_VIEWS}
    assert not long, f"Split these by page: {long}"
