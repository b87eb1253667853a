"""What other query languages write, and how it is written here."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from storage.query.text import escape, quote

_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT", "&&": "AND", "||": "OR", "*:*": "*"}
_SIGNED = re.compile(r'[!+][\w"]|@\w[^:]*:')
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
    if _SIGNED.match(clause):
        minus = "-" if clause[0] == "!" else ""
        return Meant(start=start, end=end, written=minus + clause[1:])
    match = _COMPARISON.match(q, start)
    if match is None or not is_field(match[1]):
        return None
    name, sign, value = match.groups()
    value = quote(value[1:-1]) if value.startswith("'") else value
    written = f"{'-' if sign == '!=' else ''}{escape(name)}:{value}"
    return Meant(start=start, end=match.end(), written=written)
