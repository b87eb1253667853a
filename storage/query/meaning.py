"""Syntax tree → conditions: gives every leaf its meaning by the kind of its field.

Decides once, for the engine and for live tails alike, what `level:error`, `status:500` or
`host:web-*` test.
"""

import math
import re
from fnmatch import fnmatchcase
from uuid import UUID

import re2

from logplatform.kernel.levels import LEVELS, severities_of_level
from storage.query.conditions import (
    Comparison,
    Condition,
    Constant,
    Either,
    Every,
    IdEquals,
    IntegerCompares,
    MessageHas,
    MessageLike,
    Negated,
    NumberCompares,
    Present,
    TextCompares,
    TextEquals,
    TextLike,
    TextMatches,
    TimeCompares,
)
from storage.query.errors import QueryError
from storage.query.fields import Field, Kind, field_of
from storage.query.instants import instant_ns
from storage.query.syntax import (
    And,
    Compare,
    Exists,
    Leaf,
    MatchAll,
    Node,
    Not,
    Or,
    Phrase,
    Regex,
    Wildcard,
    Word,
)
from storage.query.text import glob_parts
from storage.query.words import glob_regex, lowered, words_of

MAX_UINT64 = 2**64 - 1
EXACT_FLOAT = 2**53
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)


def meaning_of(node: Node) -> Condition:
    """Conditions of a tree. Raises: QueryError, when a value does not fit its field."""
    match node:
        case And():
            return Every(parts=tuple(meaning_of(part) for part in node.nodes))
        case Or():
            return Either(parts=tuple(meaning_of(part) for part in node.nodes))
        case Not():
            return Negated(part=meaning_of(node.node))
        case MatchAll():
            return Constant(value=True)
        case _:
            return _leaf(node, field_of(node.field))


def _leaf(node: Leaf, field: Field) -> Condition:
    match field.kind:
        case Kind.MESSAGE:
            return _message(node, field)
        case Kind.LEVEL:
            return _level(node)
        case Kind.INTEGER:
            return _integer(node, field)
        case Kind.TIME:
            return _time(node, field)
        case Kind.ID:
            return _id(node)
        case Kind.TEXT | Kind.ATTRIBUTE:
            return _text(node, field)


def _message(node: Leaf, field: Field) -> Condition:
    match node:
        case Word(text=text) | Phrase(text=text) if text:
            return MessageHas(text=lowered(text), words=words_of(lowered(text)))
        case Wildcard(pattern=pattern):
            parts = glob_parts(lowered(pattern))
            literal = tuple(text for wild, text in parts if not wild)
            return MessageLike(regex=glob_regex(parts), parts=literal)
        case _:
            return _text(node, field)


def _text(node: Leaf, field: Field) -> Condition:
    match node:
        case Exists():
            return Present(field=field)
        case Regex(pattern=pattern):
            return TextMatches(field=field, pattern=pattern)
        case Wildcard(pattern=pattern):
            return TextLike(field=field, parts=tuple(glob_parts(pattern)))
        case Compare(operator=operator, value=value):
            number = number_of(value)
            if number is None:
                return TextCompares(field=field, operator=operator, text=value)
            return NumberCompares(field=field, operator=operator, number=number)
        case Phrase(text=text):
            return TextEquals(field=field, text=text)
        case Word(text=text):
            return TextEquals(field=field, text=text, number=_same_number(text, field))


def number_of(text: str) -> float | None:
    """The number a text spells, as both engines read it; None for all else, also for infinity."""
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def _same_number(text: str, field: Field) -> float | None:
    """The number whose other spellings are equal; none where a float cannot tell them apart."""
    number = number_of(text) if field.kind is Kind.ATTRIBUTE else None
    return number if number is not None and abs(number) < EXACT_FLOAT else None


def _level(node: Leaf) -> Condition:
    match node:
        case Exists():
            return Constant(value=True)
        case Word(text=text) | Phrase(text=text):
            return _severity_is("=", text, node.field)
        case Compare(operator=operator, value=value):
            return _severity_is(operator, value, node.field)
        case Wildcard(pattern=pattern):
            return _levels([name for name in LEVELS if fnmatchcase(name, _shell(pattern))])
        case Regex(pattern=pattern):
            return _levels([name for name in LEVELS if re2.search(pattern, name)])


def _severity_is(operator: Comparison, value: str, field: str) -> Condition:
    """`level>=warn` → severity >= 13; `level>warn` → severity >= 17: a word stands for its span."""
    if field == "severity" and _INTEGER.fullmatch(value):
        return _clamped("severity", operator, int(value))
    severities = severities_of_level(value)
    if severities is None:
        raise QueryError(
            position=0,
            expected=f"a level after {field}:, found “{value[:40]}”",
            advice="Levels are trace, debug, info, warn, error and fatal.",
        )
    return _in_span("severity", operator, severities.start, len(severities))


def _in_span(column: str, operator: Comparison, start: int, width: int) -> Condition:
    """Compare an integer column with the span [start, start + width)."""
    match operator:
        case "=":
            low = IntegerCompares(column=column, operator=">=", number=start)
            high = IntegerCompares(column=column, operator="<", number=start + width)
            return Every(parts=(low, high))
        case ">":
            return IntegerCompares(column=column, operator=">=", number=start + width)
        case "<=":
            return IntegerCompares(column=column, operator="<", number=start + width)
        case _:
            return IntegerCompares(column=column, operator=operator, number=start)


def _levels(names: list[str]) -> Condition:
    if not names:
        return Constant(value=False)
    return Either(parts=tuple(_severity_is("=", name, "level") for name in names))


def _shell(pattern: str) -> str:
    """A glob in the syntax of fnmatch, upper-cased as level names are."""
    parts = glob_parts(pattern)
    return "".join(text if wild else text.upper().replace("[", "[[]") for wild, text in parts)


def _integer(node: Leaf, field: Field) -> Condition:
    match node:
        case Exists():
            return IntegerCompares(column=field.name, operator=">", number=0)
        case Word(text=text) | Phrase(text=text) if _INTEGER.fullmatch(text):
            return _clamped(field.name, "=", int(text))
        case Compare(operator=operator, value=value) if _INTEGER.fullmatch(value):
            return _clamped(field.name, operator, int(value))
    raise QueryError(
        position=0,
        expected=f"a whole number after {field.name}:",
        advice=f"Write {field.name}:7 or {field.name}:>=50.",
    )


def _clamped(column: str, operator: Comparison, number: int) -> Condition:
    """Keep the number within UInt64, so that it can be bound as one."""
    if 0 <= number <= MAX_UINT64:
        return IntegerCompares(column=column, operator=operator, number=number)
    return Constant(value=operator in ((">", ">=") if number < 0 else ("<", "<=")))


def _time(node: Leaf, field: Field) -> Condition:
    operator: Comparison
    match node:
        case Exists():
            return Constant(value=True)
        case Word(text=text) | Phrase(text=text):
            span, operator = instant_ns(text), "="
        case Compare(operator=compared, value=value):
            span, operator = instant_ns(value), compared
        case _:
            span, operator = None, "="
    if span is None:
        raise QueryError(
            position=0,
            expected=f"a time after {field.name}:",
            advice="Write 2026-11-22, 2026-11-22T10:00:00Z or now-15m.",
        )
    return _in_time_span(field.name, operator, *span)


def _in_time_span(column: str, operator: Comparison, start: int, width: int) -> Condition:
    """Like `_in_span`: `timestamp:2026-11-22` is the whole day, `>` begins after its end."""
    end = start + width
    match operator:
        case "=":
            low = TimeCompares(column=column, operator=">=", ns=start)
            return Every(parts=(low, TimeCompares(column=column, operator="<", ns=end)))
        case ">":
            return TimeCompares(column=column, operator=">=", ns=end)
        case "<=":
            return TimeCompares(column=column, operator="<", ns=end)
        case _:
            return TimeCompares(column=column, operator=operator, ns=start)


def _id(node: Leaf) -> Condition:
    match node:
        case Exists():
            return Constant(value=True)
        case Word(text=text) | Phrase(text=text):
            try:
                number = UUID(text).int
            except ValueError:
                pass
            else:
                return IdEquals(high=number >> 64, low=number & MAX_UINT64)
    raise QueryError(
        position=0,
        expected="the id of a record after id:",
        advice="Copy it whole, as in id:0192f0c1-7a3e-7000-8000-000000000000.",
    )
