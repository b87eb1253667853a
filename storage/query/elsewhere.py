"""What other query languages write, and how it is written here."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from storage.query.text import escape, quote

_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT", "&&": "AND", "||": "OR", "*:*": "*"}
# Of a whole clause: `@status:500`, `!timeout`, `+timeout`, `status:!=200`, `status:==200`,
# `status:5xx`, `service:auth,cart`, `/timeout/i`.
_REWRITES = [
    (re.compile(pattern, re.DOTALL), written)
    for pattern, written in (
        (r"@(\w[^:]*:.+)", r"\1"),
        (r'!([\w"].*)', r"-\1"),
        (r'\+([\w"].*)', r"\1"),
        (r"([\w.]+:)!=?(.+)", r"-\1\2"),
        (r"([\w.]+:)==?(.+)", r"\1\2"),
        (r"([\w.]+:)([1-5])[xX]{2}", r"\1[\g<2>00 TO \g<2>99]"),
        (r"([\w.]+:)([\w.-]+),([\w.-]+)", r"\1(\2 OR \3)"),
        (r"([\w.]+:)([\w.-]+),([\w.-]+),([\w.-]+)", r"\1(\2 OR \3 OR \4)"),
        (r"([\w.]+:)?/((?:\\.|[^/\\])+)/i", r"\1/(?i)\2/"),
    )
]
_COMPARISON = re.compile(
    r"""([\w.]+)\s*(=(?!~)=?|!=)\s*("(?:\\.|[^"\\])*"|'[^']*'|[^\s()"=]+)""", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A part of a query, from `start` to `end`, and what may be meant by it."""

    start: int
    end: int
    written: str


def meant_by(q: str, start: int, end: int, is_field: Callable[[str], bool]) -> Meant | None:
    """What may be meant by a clause.

    Args:
        q: the query; the clause stands from `start` to `end`.
        is_field: whether lines have a field of this name.
    Returns:
        `AND` for `and`, `-timeout` for `!timeout`, `service:"auth"` for `service = "auth"` …; None
        where it is nothing of that kind.
    """
    clause = q[start:end]
    if written := _OPERATORS.get(clause.lower()):
        return Meant(start=start, end=end, written=written)
    for rewrite, written in _REWRITES:
        if found := rewrite.fullmatch(clause):
            return Meant(start=start, end=end, written=found.expand(written))
    match = _COMPARISON.match(q, start)
    if match is None or not is_field(match[1]):
        return None
    name, sign, value = match.groups()
    value = quote(value[1:-1]) if value.startswith("'") else value
    written = f"{'-' if sign == '!=' else ''}{escape(name)}:{value}"
    return Meant(start=start, end=match.end(), written=written)
