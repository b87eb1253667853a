"""Where the cursor is in a query that may be half typed: what could be put there.

The grammar itself tells: its parser is fed with what stands before the word at the cursor, and
asked what it would accept next.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from lark import Token
from lark.exceptions import UnexpectedInput

from storage.query.fields import EXISTS
from storage.query.parser import check_size, query_parser
from storage.query.text import unescape, unquote

Expected = Literal["field", "value", "nothing"]

_HALF_TYPED = frozenset({"WORD", "VALUE", "_AND", "_OR", "_NOT"})
_REST_OF_NAME = re.compile(r'(?:\\.|[^\s()":<>\\])*', re.DOTALL)
_COLON = re.compile(r"\s*:")
_REST_OF_VALUE = re.compile(r'(?:\\.|[^\s()"\\])*', re.DOTALL)
_REST_OF_QUOTED = re.compile(r'(?:\\.|[^"\\])*"?', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is at the cursor.

    Attributes:
        expected: what belongs there; nothing, when what stands before cannot be read.
        start, end: the word at the cursor, which a suggestion replaces.
        typed: the part of it before the cursor, without quotes and escapes.
        field: of which a value is expected.
        colon: what the name of a field needs behind it: `:`, or nothing after `_exists_:`.
        after_term: AND and OR may stand here.
    """

    expected: Expected
    start: int
    end: int
    typed: str = ""
    field: str = ""
    colon: str = ":"
    after_term: bool = False


def place_of(text: str, cursor: int) -> Place:
    """Find out what belongs at the cursor.

    Args:
        text: a query, readable or not.
        cursor: the number of characters before it; beyond the end is the end.
    Raises:
        QueryTooComplex, QueryError: the text is too long, too deep or no text.
    """
    check_size(text)
    cursor = min(max(cursor, 0), len(text))
    head = text[:cursor]
    parser = query_parser(is_judging=False)
    state: Any = parser.parse_interactive(head)  # lark's own has few types
    start = cursor
    try:
        for token in state.lexer_thread.lex(state.parser_state):
            if token.end_pos == cursor and token.type in _HALF_TYPED:
                start = token.start_pos or 0
                break
            state.feed_token(token)
    except UnexpectedInput as error:
        start = int(error.pos_in_stream or 0)  # type: ignore[redundant-expr]  # declared as None
        if head[start : start + 1] != '"':
            return Place(expected="nothing", start=cursor, end=cursor)
    accepted = state.accepts()
    names = [one for one in state.parser_state.value_stack if isinstance(one, Token)]
    fields = [unescape(token) for token in names if token.type == "FIELD"]
    return _place(text, start, cursor, fields[-1] if "VALUE" in accepted else None, accepted)


def _place(text: str, start: int, cursor: int, field: str | None, accepted: set[str]) -> Place:
    is_quoted = text[start : start + 1] == '"' and start < cursor
    word = text[start:cursor]
    if field is None:
        if is_quoted or "WORD" not in accepted:
            return Place(expected="nothing", start=cursor, end=cursor)
        end = _end(_REST_OF_NAME, text, cursor)
        end = _end(_COLON, text, end)
        return Place(
            expected="field",
            start=start,
            end=end,
            typed=unescape(word),
            after_term="_AND" in accepted,
        )
    rest = _REST_OF_QUOTED if is_quoted else _REST_OF_VALUE
    return Place(
        expected="field" if field == EXISTS else "value",
        start=start,
        end=_end(rest, text, cursor),
        typed=unquote(word + '"') if is_quoted else unescape(word),
        field="" if field == EXISTS else field,
        colon="",
    )


def _end(rest: re.Pattern[str], text: str, cursor: int) -> int:
    match = rest.match(text, cursor)
    return match.end() if match else cursor
