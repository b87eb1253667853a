"""Syntax tree → text, so that `parse_query(render(tree)) == tree`."""

from storage.query.syntax import (
    And,
    Compare,
    Exists,
    MatchAll,
    Node,
    Not,
    Or,
    Phrase,
    Regex,
    Wildcard,
    Word,
)
from storage.query.text import escape, escape_glob, quote


def render(node: Node) -> str:
    """Write a tree as a query."""
    match node:
        case And():
            return " ".join(_grouped(part) for part in node.nodes)
        case Or():
            return " OR ".join(_grouped(part) for part in node.nodes)
        case Not():
            return f"NOT {_grouped(node.node)}"
        case MatchAll():
            return "*"
        case Exists(field=field):
            return f"_exists_:{escape(field)}"
        case _:
            return f"{escape(node.field)}:{_value(node)}"


def _grouped(node: Node) -> str:
    text = render(node)
    return f"({text})" if isinstance(node, And | Or) else text


def _value(node: Word | Phrase | Wildcard | Regex | Compare) -> str:
    match node:
        case Word(text=text):
            return escape(text)
        case Phrase(text=text):
            return quote(text)
        case Wildcard(pattern=pattern):
            return escape_glob(pattern)
        case Regex(pattern=pattern):
            return "/" + pattern.replace("/", "\\/") + "/"
        case Compare(operator=operator, value=value):
            return operator + quote(value)
