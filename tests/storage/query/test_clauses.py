"""Clauses and where they stand."""

import pytest
from hypothesis import given

from storage.query import parse_query, render
from storage.query.clauses import clauses_of
from storage.query.syntax import MatchAll, Node, all_of
from tests.storage.query.strategies import TREES


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("*", ["*"]),
        ("a b", ["a", "b"]),
        ("a AND level:error", ["a", "level:error"]),
        ("service:(a OR b) -path:/x NOT y", ["service:(a OR b)", "-path:/x", "NOT y"]),
        ("a OR b", ["a OR b"]),
        (" a OR b c ", ["a OR b c"]),
        ("(a OR b) c", ["(a OR b)", "c"]),
        ("(a b)", ["a", "b"]),
        ("((level>=warn)  x)", ["(level>=warn)", "x"]),
        ("(a) OR (b)", ["(a) OR (b)"]),
        ("(a b) OR c", ["(a b) OR c"]),
        ("d:[1 TO 5] d:>3 level >= warn", ["d:[1 TO 5]", "d:>3", "level >= warn"]),
        ('"x y" /r/ NOT NOT a', ['"x y"', "/r/", "NOT NOT a"]),
        ("x:(a NOT (b OR c)) _exists_:y", ["x:(a NOT (b OR c))", "_exists_:y"]),
        ('x:"(" y', ['x:"("', "y"]),
        ("(a) (b)", ["(a)", "(b)"]),
    ],
)
def test_clauses_are_found_where_they_stand(text: str, parts: list[str]) -> None:
    found = clauses_of(text)
    assert [clause.text for clause in found] == parts
    assert [text[clause.start : clause.end] for clause in found] == parts


@given(TREES)
def test_all_clauses_together_are_the_query(tree: Node) -> None:
    text = render(tree)
    found = clauses_of(text)
    assert all_of([clause.node for clause in found]) == parse_query(text) or tree == MatchAll()
