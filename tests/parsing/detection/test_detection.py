"""Detection must never rule out a format that takes the line; how few it leaves is only speed."""

import random
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing import log_formats
from parsing.detection.automata import automaton_of
from parsing.detection.candidates import Candidates, Gate
from parsing.detection.literals import required_text
from parsing.detection.shapes import regex_of, shape_of, shapes_of
from parsing.registry import candidates, gates
from tests.parsing.ways import records

_TEXTS = st.text(alphabet='ab Z09:.[]-"{}é\t\\', max_size=30)
_SAMPLES = [
    pytest.param(name, sample.line, id=f"{name}-{number}")
    for name, log_format in log_formats().items()
    for number, sample in enumerate(log_format.samples, start=1)
    if sample.expect is not None and not log_format.is_chosen_only
]


@pytest.mark.parametrize(("name", "line"), _SAMPLES)
def test_no_sample_is_kept_from_its_format(name: str, line: str) -> None:
    """Neither by its shape nor for want of a text."""
    assert name in candidates().of_shape(shape_of(line))
    mask = gates()[name].mask_of(pl.Series([line]))
    assert mask is True or mask[0]


def test_few_formats_are_asked_about_a_line() -> None:
    """What makes eighty formats affordable."""
    counts = [len(candidates().of_shape(shape_of(parameter.values[1]))) for parameter in _SAMPLES]
    assert sorted(counts)[len(counts) // 2] <= len(log_formats()) / 4


@settings(max_examples=300, deadline=None)
@given(
    line=_TEXTS,
    regex=st.sampled_from(
        [
            r"^[a-z]+ \d{1,3}$",
            r"^(?:a|b)*\[(?P<x>[^\]]*)\]",
            r"^\S+ \"?$",
            r"Z",
            r"^a?b{2,}(?:\.|:)+",
            r"^[^a\d]+$",
            r"^(?P<n>[0-9]+(?:\.[0-9]+)?)(?: .*)?$",
            r"^\\.|\t$",
            r"^\w+\W\s*-",
            "",
        ]
    ),
)
def test_a_line_that_matches_is_let_in(line: str, regex: str) -> None:
    """The automaton and the gate may allow too much, never too little."""
    if re.search(regex, line):
        assert Candidates({"it": [regex]}).of_shape(shape_of(line)) == {"it"}
        assert required_text(regex) in line


_STAMPS = st.sampled_from(["", "2026-02-11 06:43:36", "2026/02/11T06:43:3", "2026-02-11T06:43:36"])


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.tuples(_STAMPS, _TEXTS).map("".join), min_size=1, max_size=5))
def test_one_line_and_many_have_the_same_shape(lines: list[str]) -> None:
    """The quick way for frequent shapes, the native one and the one of a single line agree."""
    expected = [shape_of(line) for line in lines]
    assert shapes_of(pl.Series(lines)).to_list() == expected
    many = lines * (600 // len(lines) + 1)
    assert shapes_of(pl.Series(many)).to_list() == expected * (600 // len(lines) + 1)
    for line, shape in zip(lines, expected, strict=True):
        assert pl.Series([line]).str.contains(regex_of(shape)).all()


@pytest.mark.parametrize("regex", [r"\p{L}+", "[[:alpha:]]x", "(?x) a b", "a(?i)b", "("])
def test_a_regex_that_is_not_understood_lets_every_line_in(regex: str) -> None:
    """Formats of people may use all that the engine has."""
    found = automaton_of(regex)
    assert found.step(found.closure([found.start]), 1 << ord("?"))


def test_the_text_a_line_must_hold_is_found() -> None:
    """In groups too, but not in what is optional or a choice."""
    assert required_text(r"^(?P<a>\w+) sshd\[(?P<p>\d+)\]: .*$") == " sshd["
    assert required_text(r"^(?P<a>x) (?:long text)?y") == "x"
    assert required_text(r"long|text") == ""
    mask = Gate([r"^\d+ one", r"^\d+ two"]).mask_of(pl.Series(["1 one", "1 two", "1 three"]))
    assert mask is not True
    assert mask.to_list() == [True, True, False]


def test_a_shuffled_mix_of_all_samples_is_detected_line_by_line() -> None:
    """Every line as what it is, wherever it stands and whatever stands beside it."""
    pairs = [tuple(parameter.values) for parameter in _SAMPLES] * 3
    random.Random(7).shuffle(pairs)
    found = [row["format"] for row in records([line for _, line in pairs])]
    right = sum(name == own for (name, _), own in zip(pairs, found, strict=True))
    assert right >= 0.99 * len(pairs)
