"""A query as the clauses that all have to hold, and where each stands in the text."""

from dataclasses import dataclass, replace

from lark import Token

from storage.query.parser import parse_query, query_parser
from storage.query.syntax import Node

_STARTS = frozenset({"FIELD", "WORD", "QUOTED", "REGEX", "_LPAR", "_NOT", "_MINUS"})
_GOES_ON_AFTER = frozenset({"COLON", "COMPARE", "_NOT", "_MINUS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a query: `text` is what stands from `start` to `end`."""

    text: str
    start: int
    end: int
    node: Node


def clauses_of(text: str) -> list[Clause]:
    """The parts of a query that AND joins; one, where OR joins them.

    Raises: as `parse_query`.
    """
    whole = Clause(text=text.strip(), start=0, end=0, node=parse_query(text))
    start = len(text) - len(text.lstrip())
    whole = replace(whole, start=start, end=start + len(whole.text))
    bounds = _bounds(text)
    if bounds is None:
        return [whole]
    if len(bounds) == 1 and whole.text.startswith("("):
        inner = clauses_of(whole.text[1:-1])
        first = whole.start + 1
        return [
            replace(clause, start=clause.start + first, end=clause.end + first) for clause in inner
        ]
    return [
        Clause(text=text[start:end], start=start, end=end, node=parse_query(text[start:end]))
        for start, end in bounds
    ]


def _bounds(text: str) -> list[tuple[int, int]] | None:
    """Where clauses start and end; None, where OR joins them."""
    found: list[tuple[int, int]] = []
    depth, before = 0, ""
    for token in _tokens(text):
        start, end = token.start_pos or 0, token.end_pos or 0
        if depth == 0 and token.type == "_OR":
            return None
        if depth == 0 and token.type in _STARTS and before not in _GOES_ON_AFTER:
            found.append((start, end))
        elif token.type != "_AND" or depth:
            found[-1] = (found[-1][0], end)
        depth += {"_LPAR": 1, "_RPAR": -1}.get(token.type, 0)
        before = token.type
    return found


def _tokens(text: str) -> list[Token]:
    state = query_parser().parse_interactive(text)
    return list(state.iter_parse())
