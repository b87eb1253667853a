"""Conditions → a polars expression over the record frame, for live tails. Same meaning as SQL."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import polars as pl

from storage.query import conditions as c
from storage.query.conditions import Condition
from storage.query.fields import Field
from storage.query.meaning import meaning_of
from storage.query.patterns import rust_pattern
from storage.query.syntax import Node
from storage.query.words import SEPARATOR, escaped

_COMPARE: dict[str, Callable[[pl.Expr, Any], pl.Expr]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def to_predicate(node: Node) -> pl.Expr:
    """Compile a tree.

    Args:
        node: from `parse_query`.
    Returns:
        A Boolean expression without nulls over the record frame (with `app`, `source`,
        `received_at`, and `id_high`, `id_low` UInt64 where ids are asked for).
    Raises:
        QueryError: a value does not fit its field.
    """
    return _expr(meaning_of(node))


def _expr(condition: Condition) -> pl.Expr:
    match condition:
        case c.Every(parts=parts):
            return reduce(operator.and_, (_expr(part) for part in parts))
        case c.Either(parts=parts):
            return reduce(operator.or_, (_expr(part) for part in parts))
        case c.Negated(part=part):
            return ~_expr(part)
        case c.Constant(value=value):
            return pl.lit(value)
        case c.MessageHas() | c.MessageLike():
            return _message(condition)
        case c.IntegerCompares(column=column, operator=compare, number=number):
            return _COMPARE[compare](pl.col(column), pl.lit(number, pl.UInt64))
        case c.TimeCompares(column=column, operator=compare, number=ns):
            return _COMPARE[compare](pl.col(column).dt.epoch("ns"), pl.lit(ns, pl.Int64))
        case c.IdEquals(id=record_id):
            high, low = (pl.lit(half, pl.UInt64) for half in divmod(record_id.int, 1 << 64))
            return (pl.col("id_high") == high) & (pl.col("id_low") == low)
        case _:
            return _text(condition)


def _message(condition: c.MessageTest) -> pl.Expr:
    message = pl.col("message").str.to_lowercase()
    match condition:
        case c.MessageHas(text=text, words=words):
            tests = [message.str.contains(text, literal=True)]
            tests += [message.str.contains(_whole_word(word)) for word in words]
        case c.MessageLike(regex=regex):
            tests = [message.str.contains(f"(?s){regex}")]
    return reduce(operator.and_, tests)


def _whole_word(word: str) -> str:
    return f"(?:^|{SEPARATOR}){escaped(word)}(?:$|{SEPARATOR})"


def _value(field: Field) -> pl.Expr:
    """The text of a column or an attribute, empty when absent."""
    if not field.is_attribute:
        return pl.col(field.name)
    entry = pl.element()
    named = entry.struct.field("value").filter(entry.struct.field("key") == pl.lit(field.name))
    return pl.col("attributes").list.eval(named).list.first().fill_null("")


def _text(condition: c.TextTest) -> pl.Expr:
    field = condition.field
    match condition:
        case c.Present():
            return _value(field) != ""
        case c.TextMatches(pattern=pattern):
            return _value(field).str.contains(rust_pattern(pattern))
        case c.TextLike(parts=parts):
            regex = "".join(_LIKE[text] if wild else escaped(text) for wild, text in parts)
            return _value(field).str.contains(f"(?s)^{regex}$")
        case c.TextCompares(operator=compare, text=text):
            return (_value(field) != "") & _COMPARE[compare](_value(field), pl.lit(text))
        case c.NumberCompares(operator=compare, number=number):
            return _number(field, compare, number)
        case c.TextEquals(text=text, number=number):
            equal = _value(field) == pl.lit(text)
            return equal if number is None else equal | _number(field, "=", number)


_LIKE = {"*": ".*", "?": "."}


def _number(field: Field, compare: str, number: float) -> pl.Expr:
    """Compare as numbers; what is no number, NaN included, is false as in the engine."""
    value = _value(field).cast(pl.Float64, strict=False)
    return (_COMPARE[compare](value, pl.lit(number)) & value.is_not_nan()).fill_null(value=False)
