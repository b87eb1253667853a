"""Reading queries: every documented form, every limit, and errors that say where."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logplatform.kernel.errors import PlatformError
from storage.query import QueryError, QueryTooComplex, parse_query, render
from storage.query.syntax import (
    And,
    Compare,
    Exists,
    MatchAll,
    Node,
    Not,
    Operator,
    Or,
    Phrase,
    Regex,
    Wildcard,
    Word,
)
from tests.storage.query.strategies import TREES


def word(text: str, field: str = "message") -> Word:
    return Word(field=field, text=text)


def compare(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


FORMS: dict[str, Node] = {
    "": MatchAll(),
    "   ": MatchAll(),
    "*": MatchAll(),
    "timeout": word("timeout"),
    '"connection reset"': Phrase(field="message", text="connection reset"),
    "level:error": word("error", "level"),
    "level>=warn": compare("level", ">=", "warn"),
    "level >= warn": compare("level", ">=", "warn"),
    "service:(auth OR payment)": Or(nodes=(word("auth", "service"), word("payment", "service"))),
    "-path:/health": Not(node=word("/health", "path")),
    "NOT path:/health": Not(node=word("/health", "path")),
    "NOT NOT a": word("a"),
    "status:>=500": compare("status", ">=", "500"),
    "status:(>=500 <600)": And(
        nodes=(compare("status", ">=", "500"), compare("status", "<", "600"))
    ),
    "duration_ms:[100 TO 500]": And(
        nodes=(compare("duration_ms", ">=", "100"), compare("duration_ms", "<=", "500"))
    ),
    "duration_ms:{100 TO 500]": And(
        nodes=(compare("duration_ms", ">", "100"), compare("duration_ms", "<=", "500"))
    ),
    "duration_ms:[100 TO *]": compare("duration_ms", ">=", "100"),
    "duration_ms:[* TO *]": Exists(field="duration_ms"),
    'day:["a b" TO "c d"}': And(nodes=(compare("day", ">=", "a b"), compare("day", "<", "c d"))),
    "user.id:42": word("42", "user.id"),
    "attributes.user.id:42": word("42", "attributes.user.id"),
    "host:web-*": Wildcard(field="host", pattern="web-*"),
    "time*": Wildcard(field="message", pattern="time*"),
    r"message:/attempt \d+/": Regex(field="message", pattern=r"attempt \d+"),
    r"path:/a\/b/": Regex(field="path", pattern="a/b"),
    "status : 500": word("500", "status"),
    "status :(500 OR 502)": Or(nodes=(word("500", "status"), word("502", "status"))),
    "path:/api/v1/users": word("/api/v1/users", "path"),
    "trace_id:4bf92f": word("4bf92f", "trace_id"),
    "_exists_:user_id": Exists(field="user_id"),
    "user_id:*": Exists(field="user_id"),
    "a b": And(nodes=(word("a"), word("b"))),
    "a AND b": And(nodes=(word("a"), word("b"))),
    "a b OR c": Or(nodes=(And(nodes=(word("a"), word("b"))), word("c"))),
    "a (b OR c)": And(nodes=(word("a"), Or(nodes=(word("b"), word("c"))))),
    "tags:(a b:c)": And(nodes=(word("a", "tags"), word("b:c", "tags"))),
    "(x:a y)": And(nodes=(word("a", "x"), word("y"))),
    "tags:(a b NOT c)": And(
        nodes=(word("a", "tags"), word("b", "tags"), Not(node=word("c", "tags")))
    ),
    r"a\:b": word("a:b"),
    r"my\ field:x": word("x", "my field"),
    r"2\*3": word("2*3"),
    r'"say \"hi\""': Phrase(field="message", text='say "hi"'),
    r'"C:\temp"': Phrase(field="message", text=r"C:\temp"),
    "offset:-5": word("-5", "offset"),
    "at:10:42:11": word("10:42:11", "at"),
    "10.0.0.7": word("10.0.0.7"),
    "user=42": word("user=42"),
    "[error]": word("[error]"),
    "and": word("and"),
    "ANDROID": word("ANDROID"),
    "-": word("-"),
    "--verbose": word("--verbose"),
}


@pytest.mark.parametrize("text", FORMS)
def test_each_form_is_read_as_documented(text: str) -> None:
    assert parse_query(text) == FORMS[text]


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ('a "b', 2, "a closing quote"),
        ("(a", 2, "a closing parenthesis"),
        ("a)", 1, "the end of the query"),
        ("()", 1, "a word, a phrase or field:value"),
        ("a AND", 5, "a word, a phrase or field:value"),
        ("OR a", 0, "a word, a phrase or field:value"),
        ("a OR OR b", 5, "a word, a phrase or field:value"),
        ("NOT", 3, "a word, a phrase or field:value"),
        ("status:", 7, "a value"),
        ("a:(b", 4, "a value or )"),
        (":x", 0, "a word, a phrase or field:value"),
        ("d:[1 TO", 2, "a range such as [100 TO 500]"),
        ("m:/[/", 3, "a regular expression RE2 can run (missing ]: [)"),
        ("/a(?=b)/", 1, "a regular expression RE2 can run (invalid perl operator: (?=)"),
        ("a level:loud", 8, "a level after level:, found “loud”"),
        ("level : loud", 7, "a level after level:, found “loud”"),
        ("timestamp:>yesterday", 10, "a time after timestamp:"),
        ("pattern_id:x", 11, "a whole number after pattern_id:"),
        ("id:7", 3, "the id of a record after id:"),
        ("_exists_:>5", 9, "the name of a field after _exists_:"),
        ("a \ud800", 2, "valid Unicode text"),
    ],
)
def test_an_unreadable_query_says_where_and_what(text: str, position: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert (caught.value.data["position"], caught.value.data["expected"]) == (position, expected)
    assert (caught.value.status, caught.value.code) == (400, "invalid_query")
    assert caught.value.advice


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("level:errro", "Did you mean `error`? Levels are"),
        ("level>=wran", "Did you mean `warn`? Levels are"),
        ("level:loud", "Levels are"),
        ("level:error,warn", "Write several as level:(error OR warn). Levels are"),
        ("levle:", "Did you mean `level`? Something"),
        ("servise:(auth OR", "Did you mean `service`? Something"),
        ('x hots:"open', "Did you mean `host`? Close the quote"),
        ("status:", "Something"),
        ("host:", "Something"),
    ],
)
def test_what_may_have_been_meant_is_told(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert caught.value.advice.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "(" * 51 + "a" + ")" * 51,
        "-(" * 51 + "a" + ")" * 51,
        "x:" + "(" * 51 + "a" + ")" * 51,
        " OR ".join(["a"] * 100_000),
        "a " * 501,
        "x:(" + "a " * 501 + ")",
        "a" * (1 << 20),
        "é" * 4_097,
    ],
    ids=lambda text: f"{text[:6]}… {len(text)} characters",
)
def test_a_query_beyond_a_limit_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(QueryTooComplex) as caught:
        parse_query(text)
    assert time.process_time() - started < 0.05
    assert (caught.value.status, caught.value.code) == (400, "query_too_complex")


@pytest.mark.parametrize(
    "text",
    ["(" * 50 + "a" + ")" * 50, "a " * 500, "é" * 4_096],
    ids=["depth 50", "500 terms", "8 kB"],
)
def test_a_query_at_a_limit_is_read(text: str) -> None:
    assert parse_query(text)


@given(st.text(max_size=60))
@example("a\\")
@example("/**/")
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    read = _read(text)
    if isinstance(read, PlatformError):
        assert (read.status, bool(read.text), bool(read.advice)) == (400, True, True)
    else:
        assert parse_query(render(read)) == read


def _read(text: str) -> Node | PlatformError:
    try:
        return parse_query(text)
    except PlatformError as error:
        return error


@given(TREES)
def test_a_rendered_tree_is_read_back_as_the_same_tree(tree: Node) -> None:
    assert parse_query(render(tree)) == tree
