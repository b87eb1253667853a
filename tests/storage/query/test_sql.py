"""Queries as SQL: the text is fixed by the shape of the query, every value is a parameter."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query import QueryError, parse_query, to_sql
from storage.query.syntax import Phrase, Word

NASTY = ["'; drop table logs; --", "\\'", "`", "\0", "/**/", "$$", "x') or 1=1 --", "} {p0:String}"]


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_value_or_field_name_never_reaches_the_text(text: str) -> None:
    plain = to_sql(Word(field="user", text="bob"))
    nasty = to_sql(Word(field=text, text=text))
    assert nasty.text == plain.text == "attributes[{p0:String}] = {p1:String}"
    assert list(nasty.params.values()) == [text, text]


@given(st.text(max_size=30))
def test_the_text_does_not_depend_on_the_value(text: str) -> None:
    condition = to_sql(Phrase(field="service", text=text))
    assert condition.text == "service = {p0:String}"


@pytest.mark.parametrize(
    ("query", "text", "params"),
    [
        ("", "1", []),
        ("Timeout", "(hasAllTokens(lowerUTF8(message), {p0:String}))", ["timeout"]),
        ("level:err", "(severity >= {p0:UInt64} AND severity < {p1:UInt64})", [17, 21]),
        ("level>=warn", "severity >= {p0:UInt64}", [13]),
        ("level>WARNING", "severity >= {p0:UInt64}", [17]),
        ("severity:10", "severity = {p0:UInt64}", [10]),
        ("host:a%b*", "host LIKE {p0:String}", ["a\\%b%"]),
        ("app:shop", "app = {p0:String}", ["shop"]),
        ("pattern_id:>-1", "1", []),
        ("anomaly_score:>=50", "anomaly_score >= {p0:UInt64}", [50]),
        ("level:[info TO error]", None, [9, 21]),
        ("attributes.host:x", "attributes[{p0:String}] = {p1:String}", ["host", "x"]),
        ("_exists_:user", "attributes[{p0:String}] != ''", ["user"]),
        ("_exists_:host", "host != ''", []),
        ('status:"500"', "attributes[{p0:String}] = {p1:String}", ["status", "500"]),
        ("_exists_:tag", "attributes[{p0:String}] != ''", ["tags"]),
        ("_exists_:anomaly_score", "1", []),
        ("_exists_:pattern_id", "pattern_id > {p0:UInt64}", [0]),
        ("attributes.tags:x", "attributes[{p0:String}] = {p1:String}", ["tags", "x"]),
        ("attributes.tag:x", "attributes[{p0:String}] = {p1:String}", ["tag", "x"]),
        ("user:9007199254740993", "attributes[{p0:String}] = {p1:String}", None),
    ],
)
def test_sql_of(query: str, text: str | None, params: list[object] | None) -> None:
    condition = to_sql(parse_query(query))
    assert text is None or condition.text == text
    assert params is None or list(condition.params.values()) == params


def test_a_prefix_keeps_parameters_of_two_conditions_apart() -> None:
    condition = to_sql(parse_query("a:1 b:2"), prefix="q")
    assert set(re.findall(r"{(\w+):", condition.text)) == set(condition.params)
    assert all(name.startswith("q") for name in condition.params)


def test_a_hand_made_tree_with_a_wrong_value_is_refused() -> None:
    with pytest.raises(QueryError):
        to_sql(Word(field="level", text="loud"))
