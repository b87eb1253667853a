"""User-written regular expressions: checked by RE2 here, run by RE2 in the engine.

Live tails run the same pattern in polars (Rust's regex). `rust_pattern` closes the gaps between
the two: Rust's classes are Unicode-wide and its brackets know set operations.
"""

import re

import re2

from storage.query.errors import QueryError

MAX_PATTERN_CHARS = 1_000
MAX_PROGRAM = 20_000
_NO_LOG = re2.Options()
_NO_LOG.log_errors = False
_NO_LOG.dot_nl = True

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_PIECE = re.compile(r"\\Q(.*?)(?:\\E|\Z)|\\(.)|(\[\^?\]?)|(.)", re.DOTALL)
_IN_CLASS = re.compile(r"\[:\^?\w+:\]|\\(.)|(.)", re.DOTALL)


def check_regex(pattern: str, *, position: int) -> None:
    """Refuse what RE2 cannot run. Raises: QueryError at `position`."""
    problem = _problem(pattern)
    if problem:
        raise QueryError(
            position=position,
            expected=f"a regular expression RE2 can run ({problem})",
            advice="Look-around and back-references are not supported; see github.com/google/re2.",
        )


def _problem(pattern: str) -> str:
    if len(pattern) > MAX_PATTERN_CHARS:
        return f"over {MAX_PATTERN_CHARS} characters"
    try:
        compiled = re2.compile(pattern, _NO_LOG)
    except re2.error as error:
        return _words(error)
    return "it grows too large" if compiled.programsize > MAX_PROGRAM else ""


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else "not valid"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def rust_pattern(pattern: str) -> str:
    """The same expression in Rust's syntax, for polars; dot matches newlines as in ClickHouse."""
    out: list[str] = ["(?s)"]
    position = 0
    while match := _PIECE.match(pattern, position):
        position = match.end()
        quoted, escaped, bracket, plain = match.groups()
        if bracket:
            body, position = _class(pattern, position)
            out.append(bracket.replace("]", r"\]") + body)
        elif escaped:
            out.append(_escape(escaped))
        else:
            out.append(re2.escape(quoted) if quoted is not None else plain or "")
    return "".join(out)


def _escape(char: str) -> str:
    if char.lower() in _CLASSES:
        return f"[{'^' if char.isupper() else ''}{_CLASSES[char.lower()]}]"
    return rf"(?-u:\{char})" if char in "bB" else f"\\{char}"


def _class(pattern: str, position: int) -> tuple[str, int]:
    """The rest of a bracket expression from `position`, and where it ends."""
    out: list[str] = []
    while match := _IN_CLASS.match(pattern, position):
        position = match.end()
        escaped, plain = match.groups()
        if plain == "]":
            return "".join(out) + "]", position
        if escaped and escaped in "dws":
            out.append(_CLASSES[escaped])
        elif escaped and escaped in "DWS":
            out.append(f"[^{_CLASSES[escaped.lower()]}]")
        else:
            out.append(f"\\{plain}" if plain and plain in "[&~" else match[0])
    return "".join(out), position
