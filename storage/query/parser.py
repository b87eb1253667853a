"""Text → syntax tree: limits, grammar, and errors that say where and what."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from logplatform.kernel.nearest import nearest
from storage.query.errors import QUOTE_IT, QueryError, QueryTooComplex
from storage.query.fields import COLUMNS, EXISTS
from storage.query.meaning import meaning_of
from storage.query.patterns import check_regex
from storage.query.syntax import (
    Compare,
    Exists,
    Leaf,
    MatchAll,
    Node,
    Operator,
    Phrase,
    Regex,
    Wildcard,
    Word,
    all_of,
    any_of,
    map_leaves,
    negate,
)
from storage.query.text import ANY, glob_pattern, has_wildcard, unescape, unquote

MAX_BYTES = 8_192
MAX_DEPTH = 50
MAX_TERMS = 500
MESSAGE = "message"

_TERMS = frozenset({"WORD", "VALUE", "QUOTED", "REGEX", "RANGE"})
_NAME = re.compile(r"(\w[\w.]*)\s*[:<>]")
_RANGE = re.compile(
    r'([\[{])\s*("(?:\\.|[^"\\])*"|[^\s"\]}]+)\s+TO\s+("(?:\\.|[^"\\])*"|[^\s"\]}]+)\s*([\]}])',
    re.DOTALL,
)


@lru_cache(maxsize=128)
def parse_query(text: str) -> Node:
    """Read a query; who asks about one looks at its tree more than once.

    Args:
        text: the query; empty or blank finds everything.
    Returns:
        The canonical syntax tree.
    Raises:
        QueryError: it cannot be read; says at which column and what was expected.
        QueryTooComplex: over `MAX_BYTES` (UTF-8), `MAX_DEPTH` or `MAX_TERMS`.
    """
    check_size(text)
    try:
        return cast(Node, query_parser().parse(text))
    except UnexpectedInput as error:
        raise _explain(error, text) from None


def check_size(text: str) -> None:
    """Refuse what is too long or no text. Raises: QueryTooComplex, QueryError."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise QueryError(position=error.start, expected="valid Unicode text") from None
    if size > MAX_BYTES:
        raise QueryTooComplex(measure="the length in bytes", limit=MAX_BYTES)


class _Limits:
    """Counts depth and terms while the lexer runs, so that no huge tree is ever built."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = terms = 0
        for token in stream:
            depth += {"_LPAR": 1, "_RPAR": -1}.get(token.type, 0)
            terms += token.type in _TERMS
            if depth > MAX_DEPTH:
                raise QueryTooComplex(measure="the depth of parentheses", limit=MAX_DEPTH)
            if terms > MAX_TERMS:
                raise QueryTooComplex(measure="the number of terms", limit=MAX_TERMS)
            yield token


class _Build(Transformer[Token, Node]):
    """Grammar rules → tree. Values are built without a field and bound to it in `field`."""

    def start(self, children: list[Node | None]) -> Node:
        return children[0] or MatchAll()

    def any(self, children: list[Node]) -> Node:
        return any_of(children)

    def every(self, children: list[Node]) -> Node:
        return all_of(children)

    def negation(self, children: list[Node]) -> Node:
        return negate(children[0])

    def word(self, children: list[Token]) -> Node:
        (token,) = children
        if has_wildcard(token):
            return Wildcard(field="", pattern=glob_pattern(token))
        return Word(field="", text=unescape(token))

    def phrase(self, children: list[Token]) -> Node:
        return Phrase(field="", text=unquote(children[0]))

    def regex(self, children: list[Token]) -> Node:
        (token,) = children
        pattern = token[1:-1].replace("\\/", "/")
        check_regex(pattern, position=(token.start_pos or 0) + 1)
        return Regex(field="", pattern=pattern)

    def compare(self, children: list[Token]) -> Node:
        operator, value = children
        return Compare(field="", operator=cast(Operator, str(operator)), value=_plain(value))

    def range(self, children: list[Token]) -> Node:
        (token,) = children
        match = _RANGE.fullmatch(token)
        if match is None:
            raise AssertionError("BUG: RANGE of the grammar and of the parser differ")
        low, high = match[2], match[3]
        ends: list[Node] = []
        if low != ANY:
            ends.append(
                Compare(field="", operator=">=" if match[1] == "[" else ">", value=_plain(low))
            )
        if high != ANY:
            ends.append(
                Compare(field="", operator="<=" if match[4] == "]" else "<", value=_plain(high))
            )
        return all_of(ends) if ends else Wildcard(field="", pattern=ANY)

    def bare_word(self, children: list[Token]) -> Node:
        node = self.word(children)
        everything = isinstance(node, Wildcard) and node.pattern == ANY
        return MatchAll() if everything else _bind(node, MESSAGE)

    def bare_phrase(self, children: list[Token]) -> Node:
        return _bind(self.phrase(children), MESSAGE)

    def bare_regex(self, children: list[Token]) -> Node:
        return _bind(self.regex(children), MESSAGE)

    def field(self, children: list[Any]) -> Node:
        token, colon, node = children
        return _of_field(node, unescape(token), colon.end_pos)

    def field_compare(self, children: list[Any]) -> Node:
        token, node = children
        return _of_field(node, unescape(token), (token.start_pos or 0) + len(token))


def _plain(token: str) -> str:
    return unquote(token) if token.startswith('"') else unescape(token)


def _bind(node: Node, field: str) -> Node:
    """Give every leaf of a value its field."""

    def bound(leaf: Leaf | MatchAll) -> Node:
        match leaf:
            case MatchAll() | Exists():
                raise AssertionError("BUG: a value without a field cannot be this")
            case Wildcard(pattern="*"):
                return Exists(field=field)
            case _:
                return replace(leaf, field=field)

    return map_leaves(node, bound)


def _of_field(node: Node, field: str, position: int) -> Node:
    """The value bound to its field. Raises: QueryError at `position`, when it does not fit it."""
    if field == EXISTS:
        return _exists(node, position)
    bound = _bind(node, field)
    try:
        meaning_of(bound)
    except QueryError as error:
        raise QueryError(**error.data | {"position": position}) from None
    return bound


def _exists(node: Node, position: int) -> Node:
    """`_exists_:(a OR b)` → whether fields a or b are there."""

    def named(leaf: Leaf | MatchAll) -> Node:
        match leaf:
            case Word(text=text) | Phrase(text=text) if text:
                return Exists(field=text)
        raise QueryError(
            position=position,
            expected="the name of a field after _exists_:",
            advice="Write it as _exists_:user_id.",
        )

    return map_leaves(node, named)


def _explain(error: UnexpectedInput, text: str) -> QueryError:
    """A lark error → column, what was expected, what to do."""
    position: int
    if isinstance(error, UnexpectedCharacters):
        position = error.pos_in_stream  # type: ignore[assignment]  # lark declares it as None
        accepted = set(error.allowed or ())
    elif isinstance(error, UnexpectedToken):
        at_end = error.token.type == "$END"
        position = len(text) if at_end else error.token.start_pos or 0
        accepted = set(error.expected)
    else:
        position, accepted = len(text), set()
    return QueryError(
        position=position,
        expected=_expected(accepted, text[position : position + 1]),
        advice=_meant(text[:position]) + _advice(accepted, text, position),
    )


def _meant(head: str) -> str:
    """The column that may have been meant by the last name before an error."""
    names = _NAME.findall(head)
    near = nearest(names[-1], COLUMNS, limit=1) if names and names[-1] not in COLUMNS else []
    return f"Did you mean `{near[0]}`? " if near else ""


def _expected(accepted: set[str], found: str) -> str:
    if found == '"':
        return "a closing quote"
    if found in ("[", "{"):
        return "a range such as [100 TO 500]"
    if accepted == {"$END"}:
        return "the end of the query"
    if "_RPAR" in accepted:
        return "a value or )" if "VALUE" in accepted else "a closing parenthesis"
    return "a value" if "VALUE" in accepted else "a word, a phrase or field:value"


def _advice(accepted: set[str], text: str, position: int) -> str:
    found = text[position : position + 1]
    if found == '"':
        return 'Close the quote, or write \\" for a quote that is part of the text.'
    if found in ("[", "{"):
        return "Write both ends with TO between them; * leaves an end open. Quote it to search it."
    if found == ")" or "_RPAR" in accepted:
        return "Each ( needs its ) and something inside; quote a parenthesis to search for it."
    if text.startswith(("AND", "OR", "NOT"), position):
        return 'AND, OR and NOT stand between terms; put them in quotes ("AND") to search for them.'
    if not found:
        return "Something is missing at the end; quote a colon that is part of the text."
    return QUOTE_IT


@cache
def query_parser(*, is_judging: bool = True) -> Lark:
    """The LALR parser, built once a process.

    `is_judging`: it makes nodes, and refuses values that do not fit their field while it does.
    """
    return Lark(
        Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        postlex=_Limits(),
        transformer=_Build() if is_judging else None,
    )
