"""Lines looked at in runs: what is found is what is found line by line."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from parsing import split_lines
from parsing.redaction.text import suspects
from parsing.treatment import DEFAULT
from parsing.views import place_of, runs_of

PLAIN = '{"message":"order placed by somebody"}'
SECRET = '{"message":"password=hunter2 for all"}'


@given(st.sets(st.integers(0, 999), max_size=20), st.integers(129, 1000), st.booleans())
def test_needles_are_found_in_the_lines_that_hold_them(
    places: set[int], count: int, ends: bool
) -> None:
    lines = [SECRET if place in places else PLAIN for place in range(count)]
    text = split_lines(("\n".join(lines) + "\n" * ends).encode())
    assert runs_of(text) is not None
    expected = sorted(place for place in places if place < count)
    found = suspects(text, DEFAULT.redaction)
    assert found is not None
    assert found.to_list() == expected


@given(st.sets(st.integers(0, 299), max_size=9), st.sampled_from([PLAIN, "", "password", None]))
def test_needles_are_found_in_lines_that_are_no_views_of_one_text(
    places: set[int], plain: str | None
) -> None:
    lines = [SECRET if place in places else plain for place in range(300)]
    text = pl.Series("line", [PLAIN, *lines], dtype=pl.String)[1:]
    expected = [place for place, line in enumerate(lines) if line and "password" in line]
    found = suspects(text, DEFAULT.redaction)
    assert found is not None
    assert found.to_list() == expected


def test_lines_that_were_copied_are_looked_at_in_runs_as_well() -> None:
    found = runs_of(split_lines("\r\n".join([PLAIN] * 300).encode()))
    assert found is not None
    texts, firsts = found
    assert "".join(texts) == PLAIN * 300
    assert firsts.tolist() == [0, 64, 128, 192, 256, 300]


def test_runs_are_all_lines_in_order() -> None:
    lines = [f'{{"message":"ü {number}"}}' for number in range(300)]
    found = runs_of(split_lines("\n".join(lines).encode()))
    assert found is not None
    texts, firsts = found
    assert "\n".join(texts) == "\n".join(lines)
    assert firsts.tolist() == [0, 64, 128, 192, 256, 300]


def test_lines_that_are_no_views_of_one_text_have_no_place() -> None:
    text = split_lines("\n".join([PLAIN] * 200).encode())
    assert place_of(text) is not None
    assert place_of(text.gather([0, 2])) is None
    assert place_of(pl.concat([text, pl.Series("line", [None], dtype=pl.String)])) is None
    assert place_of(pl.Series(["short"] * 200)) is None
    assert runs_of(text.clear()) is None
    assert runs_of(text.head(3)) is None
