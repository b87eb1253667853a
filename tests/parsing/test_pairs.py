"""Keys and values inside a text: learned orders and pair by pair give the same."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing.pairs import GRAMMARS, MAX_PAIRS, read_pairs


def _read(texts: list[str], grammar: str) -> list[dict[str, str]]:
    found = read_pairs(pl.Series(texts, dtype=pl.String), GRAMMARS[grammar], kept=frozenset({"k"}))
    rows: list[dict[str, str]] = [
        {key: value for key, value in row.items() if value is not None}
        for row in found.columns.to_dicts()
    ] or [{} for _ in texts]
    for row, key, value in found.extras.iter_rows() if found.extras is not None else ():
        assert key not in rows[row]
        rows[row][key] = value
    return rows


@pytest.mark.parametrize(
    ("grammar", "text", "expected"),
    [
        (
            "logfmt",
            r'a=1 b="x \"y\"" c= d=/p?q=r',
            {"a": "1", "b": 'x "y"', "c": "", "d": "/p?q=r"},
        ),
        ("logfmt", "a=1 a=2 k=3", {"a": "2", "k": "3"}),
        ("quoted", r'iut="3" x="\]"', {"iut": "3", "x": "]"}),
        (
            "cef",
            r"src=10.0.0.1 msg=two words act=a\=b",
            {"src": "10.0.0.1", "msg": "two words", "act": "a=b"},
        ),
        ("tab", "a=1\tb=x y", {"a": "1", "b": "x y"}),
        (
            "audit",
            "pid=1 comm=\"cat\" msg='op=x y'",
            {"pid": "1", "comm": "cat", "msg": "'op=x y'"},
        ),
        ("logfmt", "", {}),
    ],
)
def test_pairs_are_read_alone_and_among_many(
    grammar: str, text: str, expected: dict[str, str]
) -> None:
    """Few are read pair by pair, many by the orders of a sample."""
    assert _read([text], grammar) == [expected]
    assert _read([text] * 300, grammar) == [expected] * 300


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(alphabet='abk=" \\1\t', max_size=20), min_size=1, max_size=6))
def test_the_two_ways_agree(texts: list[str]) -> None:
    """On whatever is nothing but pairs."""
    grammar = GRAMMARS["logfmt"]
    whole = pl.Series(texts).filter(pl.Series(texts).str.contains(grammar.line)).to_list()
    if whole:
        assert _read(whole * 200, "logfmt") == _read(whole, "logfmt") * 200


def test_pairs_without_end_are_cut() -> None:
    """A line cannot make a record of any width."""
    text = " ".join(f"a{number}=1" for number in range(1000))
    assert len(_read([text], "logfmt")[0]) == MAX_PAIRS
