"""Syntax tree → text, so that `parse_query(render(tree)) == tree`."""

from storage.query import syntax as s
from storage.query.syntax import Node
from storage.query.text import escape, escape_glob, quote


def render(node: Node) -> str:
    """Write a tree as a query."""
    match node:
        case s.And():
            return " ".join(_grouped(part) for part in node.nodes)
        case s.Or():
            return " OR ".join(_grouped(part) for part in node.nodes)
        case s.Not():
            return f"NOT {_grouped(node.node)}"
        case s.MatchAll():
            return "*"
        case s.Exists(field=field):
            return f"_exists_:{escape(field)}"
        case _:
            return f"{escape(node.field)}:{_value(node)}"


def _grouped(node: Node) -> str:
    text = render(node)
    return f"({text})" if isinstance(node, s.And | s.Or) else text


def _value(node: s.Word | s.Phrase | s.Wildcard | s.Regex | s.Compare) -> str:
    match node:
        case s.Word(text=text):
            return escape(text)
        case s.Phrase(text=text):
            return quote(text)
        case s.Wildcard(pattern=pattern):
            return escape_glob(pattern)
        case s.Regex(pattern=pattern):
            return "/" + pattern.replace("/", "\\/") + "/"
        case s.Compare(operator=operator, value=value):
            return operator + quote(value)
