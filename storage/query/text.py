"""Escapes, quotes and wildcards in the words of a query. Pure text, no fields, no meaning."""

import re

ANY = "*"

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_QUOTED_ESCAPE = re.compile(r'\\(["\\])')
_GLOB_PIECE = re.compile(r"\\(.)|([*?])|([^*?\\]+|\\)", re.DOTALL)
_WORD_SPECIALS = re.compile(r'(^[\[{/-]|[\s()":<>\\*?])')
_COMMA = re.compile(r"(?<!\\),")
_KEYWORDS = frozenset({"AND", "OR", "NOT"})


def split_names(text: str) -> list[str]:
    r"""Names of fields with commas between them; in `a\,b` the comma is part of the name."""
    return [name.strip() for name in _COMMA.split(text)]


def unescape(token: str) -> str:
    r"""Text of a word: `a\:b` → `a:b`; a backslash at the very end stays."""
    return _ESCAPED.sub(r"\1", token)


def whole(q: str) -> str:
    r"""The same query, to be put before something: in `C\:\`, the last backslash is text."""
    slashes = len(q) - len(q.rstrip("\\"))
    return q + "\\" * (slashes % 2)


def unquote(token: str) -> str:
    r"""Text of a quoted token: only `\"` and `\\` are escapes, so `"C:\temp"` is as written."""
    return _QUOTED_ESCAPE.sub(r"\1", token[1:-1])


def quote(text: str) -> str:
    """The quoted token that `unquote` reads back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escape(text: str) -> str:
    """The word token that `unescape` reads back and that holds no wildcard."""
    escaped = _WORD_SPECIALS.sub(r"\\\1", text)
    return "\\" + escaped if text in _KEYWORDS else escaped


def has_wildcard(token: str) -> bool:
    """Whether a word token has an unescaped `*` or `?`."""
    return any(match[2] for match in _GLOB_PIECE.finditer(token))


def glob_parts(pattern: str) -> list[tuple[bool, str]]:
    r"""Split a pattern into (is wildcard, text): `a\*b*` → [(False, "a*b"), (True, "*")]."""
    parts: list[tuple[bool, str]] = []
    for match in _GLOB_PIECE.finditer(pattern):
        wild, text = bool(match[2]), match[1] or match[2] or match[3]
        if parts and not wild and not parts[-1][0]:
            parts[-1] = (False, parts[-1][1] + text)
        elif not (parts and wild and text == ANY and parts[-1] == (True, ANY)):
            parts.append((wild, text))
    return parts


def glob_pattern(token: str) -> str:
    """The canonical pattern of a word token: only `*`, `?` and the backslash stay escaped."""
    return join_glob(glob_parts(token))


def join_glob(parts: list[tuple[bool, str]]) -> str:
    """The inverse of `glob_parts`."""
    return "".join(text if wild else re.sub(r"([*?\\])", r"\\\1", text) for wild, text in parts)


def escape_glob(pattern: str) -> str:
    """The word token that `glob_pattern` reads back."""
    return "".join(text if wild else escape(text) for wild, text in glob_parts(pattern))
