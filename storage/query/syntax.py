"""The syntax tree of the query language: what was written, before any meaning is given to it.

Trees are canonical: build them with `all_of`, `any_of` and `negate`, which flatten, so that equal
queries are equal trees and `parse_query(render(tree)) == tree`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Operator = Literal["<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAll:
    """Every line: the empty query, or `*`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`timeout` (field is then `message`) or `service:auth`."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """`"connection reset"` or `path:"/a b"`: quoted, so nothing in it has a meaning."""

    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard:
    """`host:web-*`: `*` any run, `?` one character; `\\` makes the next character literal."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """`message:/attempt \\d+/` in RE2's language, found anywhere in the value."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`status:>=500`, `level>=warn`, or one end of a range."""

    field: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """`_exists_:user_id` or `user_id:*`."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`-x` or `NOT x`: every line that `node` does not find, absent fields included."""

    node: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of two or more."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Any of two or more."""

    nodes: tuple["Node", ...]


Leaf = Word | Phrase | Wildcard | Regex | Compare | Exists
Node = MatchAll | Leaf | Not | And | Or


def all_of(nodes: Iterable[Node]) -> Node:
    """AND of the nodes, nested ANDs taken in."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(nodes=tuple(flat))


def any_of(nodes: Iterable[Node]) -> Node:
    """OR of the nodes, nested ORs taken in."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(nodes=tuple(flat))


def negate(node: Node) -> Node:
    """NOT of the node; two of them cancel out."""
    return node.node if isinstance(node, Not) else Not(node=node)


def map_leaves(node: Node, change: Callable[[Leaf | MatchAll], Node]) -> Node:
    """The tree with every leaf changed; AND, OR and NOT stay."""
    match node:
        case And():
            return all_of(map_leaves(part, change) for part in node.nodes)
        case Or():
            return any_of(map_leaves(part, change) for part in node.nodes)
        case Not():
            return negate(map_leaves(node.node, change))
        case _:
            return change(node)
