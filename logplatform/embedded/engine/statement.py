"""Reads just enough of a statement to run it safely: what it is, its format, where data begins.

Not a parser: ClickHouse parses. This only has to agree with its lexer on where quotes and comments
end, and refuses what it cannot judge (here-documents), so that no second statement slips through.
Source: ClickHouse src/Parsers/Lexer.cpp and ParserInsertQuery.cpp.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from logplatform.embedded.engine.errors import (
    EngineError,
    bad_request,
    not_implemented,
    syntax_error,
)

_TOKEN = re.compile(
    rb"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n]*|//[^\n]*|\#[ !][^\n]*)
    |(?P<comment>/\*)
    |(?P<quoted>'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+"|`(?:[^`\\]++|\\.|``)*+`)
    |(?P<word>[A-Za-z_][A-Za-z0-9_$]*)
    |(?P<number>[0-9][A-Za-z0-9_]*)
    |(?P<odd>['"`\\$]|\xe2\x80[\x98\x99\x9c\x9d])
    |(?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_DATA_START = re.compile(rb"[ \t\f]*;?[ \t\f]*\r?\n?")
_DEPTH = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}


class Kind(Enum):
    """How a statement is run."""

    SELECT = "select"  # can be streamed
    INSERT_DATA = "insert"  # rows follow the statement
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    `sql` is what the engine is given; of an insert with data it ends before FORMAT or VALUES.
    `format` is the one named in the statement, "" if none. `data_offset` is the byte at which the
    rows of an insert begin (0 otherwise).
    """

    kind: Kind
    sql: str
    format: str = ""
    data_offset: int = 0


@dataclass(frozen=True, slots=True)
class _Token:
    text: bytes
    start: int
    end: int
    depth: int
    is_word: bool

    def is_(self, word: bytes) -> bool:
        return self.is_word and self.text.upper() == word


def _comment_end(text: bytes, start: int) -> int:
    """Where a block comment ends; they nest. An open one reaches to the end of the text."""
    level, position = 0, start
    while edge := _COMMENT_EDGE.search(text, position):
        level += 1 if edge[0] == b"/*" else -1
        position = edge.end()
        if level == 0:
            return position
    return len(text)


def _tokens(text: bytes) -> Iterator[_Token]:
    """Significant tokens with the depth of brackets around them."""
    position, depth = 0, 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        if match.lastgroup == "space":
            continue
        if match.lastgroup == "comment":
            position = _comment_end(text, match.start())
            continue
        if match.lastgroup == "odd":
            raise syntax_error(
                f"failed at position {match.start() + 1}: an unclosed quote, or a '$' or '\\' "
                "outside of quotes, which this engine does not take"
            )
        depth += min(0, _DEPTH.get(match[0], 0))
        yield _Token(match[0], match.start(), match.end(), depth, match.lastgroup == "word")
        depth += max(0, _DEPTH.get(match[0], 0))


def read_statement(text: bytes) -> Statement:
    """Judge the statement at the start of `text` (for an insert, its rows may follow).

    Raises:
        EngineError: no statement, more than one, or one that reads or writes files of the host.
    """
    tokens = _tokens(text)
    first = next((token for token in tokens if token.text != b"("), None)
    if first is None:
        raise syntax_error("Empty query")
    if first.is_(b"INSERT"):
        return _read_insert(text, first, tokens)
    kind = Kind.SELECT if first.is_(b"SELECT") or first.is_(b"WITH") else Kind.OTHER
    return _read_whole(text, [first, *tokens], kind)


def _read_insert(text: bytes, first: _Token, tokens: Iterator[_Token]) -> Statement:
    seen = [first]
    for token in tokens:
        is_name = seen[-1].text.upper() in (b"INTO", b"TABLE", b"FUNCTION", b".")
        seen.append(token)
        if is_name or token.depth > 0:
            continue
        if token.is_(b"INFILE"):
            raise _file_error("INFILE")
        if token.is_(b"SELECT") or token.is_(b"WITH"):
            return _read_insert_select(text, [*seen, *tokens])
        if token.is_(b"VALUES"):
            return _insert_of(text, token, "Values", token.end)
        if token.is_(b"FORMAT") and (name := next(tokens, None)) is not None:
            return _insert_of(text, token, name.text.decode("ascii", "replace"), name.end)
        if token.text == b";":
            break
    raise syntax_error("an INSERT needs VALUES, SELECT, or FORMAT and the rows")


def _insert_of(text: bytes, keyword: _Token, name: str, end: int) -> Statement:
    offset = end if name == "Values" else _DATA_START.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty string
    sql = _decode(text[: keyword.start])
    return Statement(kind=Kind.INSERT_DATA, sql=sql, format=name, data_offset=offset)


def _read_insert_select(text: bytes, tokens: list[_Token]) -> Statement:
    for name, bracket in zip(tokens, tokens[1:], strict=False):
        if name.is_(b"INPUT") and bracket.text == b"(":
            # The library would take the rows and store none of them, without an error.
            raise not_implemented("INSERT … SELECT … FROM input() is not supported here")
    return _read_whole(text, tokens, Kind.OTHER)


def _read_whole(text: bytes, tokens: list[_Token], kind: Kind) -> Statement:
    semicolon = next((i for i, token in enumerate(tokens) if token.text == b";"), len(tokens))
    if any(token.text != b";" for token in tokens[semicolon:]):
        raise syntax_error(
            f"failed at position {tokens[semicolon].start + 1} (end of query): "
            "Multi-statements are not allowed"
        )
    end = tokens[semicolon].start if semicolon < len(tokens) else len(text)
    tokens = tokens[:semicolon]
    _refuse_files(tokens)
    if kind is Kind.SELECT and any(token.is_(b"INSERT") and token.depth == 0 for token in tokens):
        kind = Kind.OTHER
    sql = _by_comment(text[:end], tokens) if tokens[0].is_(b"KILL") else text[:end]
    return Statement(kind=kind, sql=_decode(sql), format=_format_of(tokens))


def _by_comment(text: bytes, tokens: list[_Token]) -> bytes:
    """KILL QUERY with the id a client gave, which the library only knows as the comment."""
    for before, token in reversed([*zip(tokens, tokens[1:], strict=False)]):
        # `{query_id:String}` is a parameter of that name.
        if token.text == b"query_id" and before.text != b"{":
            text = text[: token.start] + b"Settings['log_comment']" + text[token.end :]
    return text


def _refuse_files(tokens: list[_Token]) -> None:
    for before, after in zip(tokens, tokens[1:], strict=False):
        # `readonly` does not stop the library from writing INTO OUTFILE on this host.
        if before.is_(b"INTO") and after.is_(b"OUTFILE"):
            raise _file_error("OUTFILE")


def _format_of(tokens: list[_Token]) -> str:
    """The word after a closing FORMAT, which only SETTINGS may follow."""
    for index in range(len(tokens) - 2, 0, -1):
        if tokens[index].is_(b"FORMAT") and tokens[index].depth == 0 and tokens[index + 1].is_word:
            rest = tokens[index + 2 :]
            if not rest or rest[0].is_(b"SETTINGS"):
                return tokens[index + 1].text.decode("ascii")
    return ""


def _file_error(word: str) -> EngineError:
    return syntax_error(f"{word} is for command-line clients, not for the HTTP interface")


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"the statement is not UTF-8: {error}") from None
