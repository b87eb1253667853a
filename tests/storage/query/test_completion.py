"""Where the cursor is: | stands for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query import QueryTooComplex, parse_query, render
from storage.query.completion import Place, place_of
from storage.query.syntax import Node
from tests.storage.query.strategies import TREES


def at(marked: str) -> Place:
    return place_of(marked.replace("|", "", 1), marked.index("|"))


@pytest.mark.parametrize(
    ("marked", "replaced", "typed", "after_term"),
    [
        ("|", "", "", False),
        ("lev|", "lev", "lev", False),
        ("l|ev", "lev", "l", False),
        ("l|evel:error", "level:", "l", False),
        ("l|evel : error", "level :", "l", False),
        ("l|evel>=warn", "level", "l", False),
        ("a |", "", "", True),
        ("a le|", "le", "le", True),
        ("a AND |", "", "", False),
        ("a AND|", "AND", "AND", True),
        ("a O|", "O", "O", True),
        ("(|", "", "", False),
        ("(a OR le|", "le", "le", False),
        ("x:(a b) |", "", "", True),
        ("x:(a b) (y|", "y", "y", False),
        ("-|", "-", "-", False),
        ("-pa|", "pa", "pa", False),
        ("NOT pa|", "pa", "pa", False),
        ("level:nope pa|", "pa", "pa", True),
        ("level:/ pa|", "pa", "pa", True),
        ("duration_ms:>x (pa|", "pa", "pa", False),
        ("path:/[/ pa|", "pa", "pa", True),
        (r"a\ b|", r"a\ b", "a b", False),
        ("a\\|", "a\\", "a\\", False),
    ],
)
def test_names_are_expected_there(marked: str, replaced: str, typed: str, after_term: bool) -> None:
    place, text = at(marked), marked.replace("|", "", 1)
    assert (place.expected, place.colon) == ("field", ":")
    assert text[place.start : place.end] == replaced
    assert (place.typed, place.after_term) == (typed, after_term)


@pytest.mark.parametrize(
    ("marked", "field", "replaced", "typed"),
    [
        ("service:|", "service", "", ""),
        ("service:au|", "service", "au", "au"),
        ("service:a|uth", "service", "auth", "a"),
        ("service: |", "service", "", ""),
        ("service : au|", "service", "au", "au"),
        ("service:(|", "service", "", ""),
        ("service:(auth OR |", "service", "", ""),
        ("service:(auth OR pa|", "service", "pa", "pa"),
        ("service:(auth OR (pa|) x:y", "service", "pa", "pa"),
        ("service:(a AND NOT |", "service", "", ""),
        ("x service:-a|", "service", "-a", "-a"),
        ("level>=|", "level", "", ""),
        ("level >= wa|", "level", "wa", "wa"),
        ("status:>=5|", "status", "5", "5"),
        ("status:>|", "status", "", ""),
        ("a.b:c:d|", "a.b", "c:d", "c:d"),
        (r"a\ b:c|", "a b", "c", "c"),
        ('service:"my va|', "service", '"my va', "my va"),
        ('service:"my va|lue" x', "service", '"my value"', "my va"),
        (r'service:"say \"h|', "service", r'"say \"h', 'say "h'),
        ("path:/hea|", "path", "/hea", "/hea"),
        ("((service:au|", "service", "au", "au"),
    ],
)
def test_values_are_expected_there(marked: str, field: str, replaced: str, typed: str) -> None:
    place, text = at(marked), marked.replace("|", "", 1)
    assert (place.expected, place.field) == ("value", field)
    assert (text[place.start : place.end], place.typed) == (replaced, typed)


def test_after_exists_a_name_without_a_colon_is_expected() -> None:
    place = at("_exists_:us|")
    assert (place.expected, place.colon, place.typed, place.start) == ("field", "", "us", 9)


@pytest.mark.parametrize("marked", ["a) x|", '"conn|', "d:[1 TO|", "OR |", ":|", "a:b)|c"])
def test_where_nothing_can_be_read_nothing_is_expected(marked: str) -> None:
    place = at(marked)
    if place.expected == "nothing":
        assert place.start == place.end == marked.index("|")
    else:
        assert marked in ("a:b)|c",)


def test_a_cursor_beyond_the_end_is_at_the_end() -> None:
    for cursor in (3, 99, 10**9):
        assert place_of("lev", cursor) == place_of("lev", 3)
    assert place_of("lev", -5) == place_of("lev", 0)


@pytest.mark.parametrize("text", ["(" * 10_000, "a " * 501, "x" * 10_000])
def test_what_is_too_complex_is_refused(text: str) -> None:
    with pytest.raises(QueryTooComplex):
        place_of(text, len(text))


@given(st.text(max_size=40), st.integers(0, 40))
def test_any_text_has_a_place(text: str, cursor: int) -> None:
    place = place_of(text, cursor)
    assert 0 <= place.start <= min(cursor, len(text)) <= place.end <= len(text)


@given(TREES, st.integers(0, 60))
def test_every_position_in_a_readable_query_is_told(tree: Node, cursor: int) -> None:
    text = render(tree)
    assert parse_query(text) is not None
    place = place_of(text, cursor)
    assert place.start <= min(cursor, len(text)) <= place.end
