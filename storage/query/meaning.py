"""Syntax tree → conditions: gives every leaf its meaning by the kind of its field.

Decides once, for the engine and for live tails alike, what `level:error`, `status:500` or
`host:web-*` test.
"""

import re
import sys
from contextlib import suppress
from fnmatch import fnmatchcase
from uuid import UUID

import re2

from logplatform.kernel.levels import LEVELS, severities_of_level
from logplatform.kernel.nearest import did_you_mean
from storage.query import conditions as c
from storage.query import syntax as s
from storage.query.conditions import Comparison, Condition
from storage.query.errors import QueryError
from storage.query.fields import SCORE, TAGS, Field, Kind, field_of
from storage.query.instants import instant_ns
from storage.query.networks import network_pattern
from storage.query.syntax import Leaf, Node
from storage.query.text import ANY, glob_parts
from storage.query.words import glob_regex, lowered, words_of

MAX_UINT64 = 2**64 - 1
EXACT_FLOAT = 2**53
FARTHEST = sys.float_info.max
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)


def meaning_of(node: Node) -> Condition:
    """Conditions of a tree. Raises: QueryError, when a value does not fit its field."""
    match node:
        case s.And():
            return c.Every(parts=tuple(meaning_of(part) for part in node.nodes))
        case s.Or():
            return c.Either(parts=tuple(meaning_of(part) for part in node.nodes))
        case s.Not():
            return c.Negated(part=meaning_of(node.node))
        case s.MatchAll():
            return c.Constant(value=True)
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
        case s.Word(text=text) | s.Phrase(text=text) if text:
            return c.MessageHas(text=lowered(text), words=words_of(lowered(text)))
        case s.Wildcard(pattern=pattern):
            parts = glob_parts(lowered(pattern))
            literal = tuple(text for wild, text in parts if not wild)
            return c.MessageLike(regex=glob_regex(parts), parts=literal)
        case _:
            return _text(node, field)


def _text(node: Leaf, field: Field) -> Condition:
    if node.field in TAGS and (one := _one_of_several(node)):
        return c.TextMatches(field=field, pattern=one)
    match node:
        case s.Exists():
            return c.Present(field=field)
        case s.Regex(pattern=pattern):
            return c.TextMatches(field=field, pattern=pattern)
        case s.Wildcard(pattern=pattern):
            return c.TextLike(field=field, parts=tuple(glob_parts(pattern)))
        case s.Compare(operator=operator, value=value):
            number = number_of(value)
            if number is None:
                return c.TextCompares(field=field, operator=operator, text=value)
            return c.NumberCompares(field=field, operator=operator, number=number)
        case s.Phrase(text=text):
            return c.TextEquals(field=field, text=text)
        case s.Word(text=text):
            equals = c.TextEquals(field=field, text=text, number=_same_number(text, field))
            network = network_pattern(text)
            if network is None:
                return equals
            return c.Either(parts=(equals, c.TextMatches(field=field, pattern=network)))


def _one_of_several(node: Leaf) -> str:
    """A regex of a tag among tags (`api,auth`, or a sender's `["api", "auth"]`), in any case."""
    match node:
        case s.Word(text=text) | s.Phrase(text=text) if text:
            tag = re2.escape(text)
        case s.Wildcard(pattern=pattern):
            parts = glob_parts(pattern)
            wilds = {ANY: '[^,"]*'}
            tag = "".join(
                wilds.get(text, '[^,"]') if wild else re2.escape(text) for wild, text in parts
            )
        case _:
            return ""
    return rf'(?i)(?:^|[,"\s]){tag}(?:[,"\s]|$)'


def number_of(text: str) -> float | None:
    """The number a text spells, or the farthest there is on its side; None for all else."""
    if not _NUMBER.fullmatch(text):
        return None
    return max(-FARTHEST, min(float(text), FARTHEST))


def _same_number(text: str, field: Field) -> float | None:
    """The number whose other spellings are equal; none where a float cannot tell them apart."""
    number = number_of(text) if field.is_attribute else None
    return number if number is not None and abs(number) < EXACT_FLOAT else None


def _level(node: Leaf) -> Condition:
    match node:
        case s.Exists():
            return c.Constant(value=True)
        case s.Word(text=text) | s.Phrase(text=text):
            return _severity_is("=", text, node.field)
        case s.Compare(operator=operator, value=value):
            return _severity_is(operator, value, node.field)
        case s.Wildcard(pattern=pattern):
            return _levels([name for name in LEVELS if fnmatchcase(name, _shell(pattern))])
        case s.Regex(pattern=pattern):
            return _levels([name for name in LEVELS if re2.search(pattern, name)])


def _severity_is(operator: Comparison, value: str, field: str) -> Condition:
    """`level>=warn` → severity >= 13; `level>warn` → severity >= 17: a word stands for its span."""
    if field == "severity" and _INTEGER.fullmatch(value):
        return _clamped("severity", operator, int(value))
    severities = severities_of_level(value)
    if severities is None:
        several = " OR ".join(part.strip() for part in value[:40].split(","))
        meant = did_you_mean(value, map(str.lower, LEVELS))
        raise QueryError(
            position=0,
            expected=f"a level after {field}:, found “{value[:40]}”",
            advice=(f"Write several as {field}:({several}). " if "," in value else meant)
            + "Levels are trace, debug, info, warn, error and fatal.",
        )
    return _in_span(c.IntegerCompares, "severity", operator, severities.start, len(severities))


def _in_span(
    kind: type[c.IntegerCompares] | type[c.TimeCompares],
    column: str,
    operator: Comparison,
    start: int,
    width: int,
) -> Condition:
    """Compare with the span [start, start + width): `timestamp:2026-11-22` is the whole day."""
    end = start + width
    match operator:
        case "=":
            low = kind(column=column, operator=">=", number=start)
            return c.Every(parts=(low, kind(column=column, operator="<", number=end)))
        case ">":
            return kind(column=column, operator=">=", number=end)
        case "<=":
            return kind(column=column, operator="<", number=end)
        case _:
            return kind(column=column, operator=operator, number=start)


def _levels(names: list[str]) -> Condition:
    if not names:
        return c.Constant(value=False)
    return c.Either(parts=tuple(_severity_is("=", name, "level") for name in names))


def _shell(pattern: str) -> str:
    """A glob in the syntax of fnmatch, upper-cased as level names are."""
    parts = glob_parts(pattern)
    return "".join(text if wild else text.upper().replace("[", "[[]") for wild, text in parts)


def _integer(node: Leaf, field: Field) -> Condition:
    match node:
        case s.Exists() if field.name == SCORE:
            return c.Constant(value=True)
        case s.Exists():
            return c.IntegerCompares(column=field.name, operator=">", number=0)
        case s.Word(text=text) | s.Phrase(text=text) if _INTEGER.fullmatch(text):
            return _clamped(field.name, "=", int(text))
        case s.Compare(operator=operator, value=value) if _INTEGER.fullmatch(value):
            return _clamped(field.name, operator, int(value))
    raise QueryError(
        position=0,
        expected=f"a whole number after {field.name}:",
        advice=f"Write {field.name}:7 or {field.name}:>=50.",
    )


def _clamped(column: str, operator: Comparison, number: int) -> Condition:
    """Keep the number within UInt64, so that it can be bound as one."""
    if 0 <= number <= MAX_UINT64:
        return c.IntegerCompares(column=column, operator=operator, number=number)
    return c.Constant(value=operator in ((">", ">=") if number < 0 else ("<", "<=")))


def _time(node: Leaf, field: Field) -> Condition:
    operator: Comparison
    match node:
        case s.Exists():
            return c.Constant(value=True)
        case s.Word(text=text) | s.Phrase(text=text):
            span, operator = instant_ns(text), "="
        case s.Compare(operator=compared, value=value):
            span, operator = instant_ns(value), compared
        case _:
            span, operator = None, "="
    if span is None:
        raise QueryError(
            position=0,
            expected=f"a time after {field.name}:",
            advice="Write 2026-11-22, 2026-11-22T10:00:00Z or now-15m.",
        )
    return _in_span(c.TimeCompares, field.name, operator, *span)


def _id(node: Leaf) -> Condition:
    match node:
        case s.Exists():
            return c.Constant(value=True)
        case s.Word(text=text) | s.Phrase(text=text):
            with suppress(ValueError):
                return c.IdEquals(id=UUID(text))
    raise QueryError(
        position=0,
        expected="the id of a record after id:",
        advice="Copy it whole, as in id:0192f0c1-7a3e-7000-8000-000000000000.",
    )
