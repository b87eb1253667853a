"""Conditions → ClickHouse SQL with bound parameters only. Knows no table and no tenant.

What the text index of `logs.message` answers is written exactly as the index is declared, over
`lowerUTF8(message)`; `tests/storage/test_plans.py` holds that it is used.
"""

from dataclasses import dataclass, field
from typing import Any

from storage.query import conditions as c
from storage.query.conditions import Condition
from storage.query.fields import Field
from storage.query.meaning import meaning_of
from storage.query.syntax import Node

MESSAGE = "lowerUTF8(message)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlCondition:
    """An expression for WHERE and the values of its `{name:Type}` parameters.

    `lasting` is the part of it that says the same of a line whenever it is asked, and `passing` the
    rest, as a range of time that moves on; without such a part both are empty.
    """

    text: str
    params: dict[str, Any] = field(default_factory=dict)
    lasting: str = ""
    passing: str = ""

    @property
    def clause(self) -> str:
        """With its keyword. The engine keeps in mind in which granules a PREWHERE found no line,
        so the same question, its next page and its chart do not look there again.
        """
        if not self.lasting:
            return f"WHERE {self.text}"
        return f"PREWHERE {self.lasting} WHERE {self.passing or '1'}"


def to_sql(node: Node, *, prefix: str = "p") -> SqlCondition:
    """Compile a tree.

    Args:
        node: from `parse_query`.
        prefix: of the parameters' names, for use beside other conditions.
    Raises:
        QueryError: a value does not fit its field.
    """
    binder = Binder(prefix)
    return SqlCondition(text=_sql(meaning_of(node), binder), params=binder.params)


class Binder:
    """Hands out parameter names: values go to `params`, `{p0:String}` into the text.

    `prefix` keeps those of several conditions and columns of one statement apart.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.params: dict[str, Any] = {}

    def __call__(self, value: str | int | float, kind: str = "String") -> str:
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"

    def text_of(self, field: Field) -> str:
        """The expression of a text column or an attribute (empty when absent)."""
        return f"attributes[{self(field.name)}]" if field.is_attribute else field.name


def _sql(condition: Condition, bind: Binder) -> str:
    match condition:
        case c.Every(parts=parts):
            return "(" + " AND ".join(_sql(part, bind) for part in parts) + ")"
        case c.Either(parts=parts):
            return "(" + " OR ".join(_sql(part, bind) for part in parts) + ")"
        case c.Negated(part=part):
            return f"(NOT {_sql(part, bind)})"
        case c.Constant(value=value):
            return "1" if value else "0"
        case c.MessageHas() | c.MessageLike():
            return _message(condition, bind)
        case c.IntegerCompares(column=column, operator=operator, number=number):
            return f"{column} {operator} {bind(number, 'UInt64')}"
        case c.TimeCompares(column=column, operator=operator, number=ns):
            return f"{column} {operator} fromUnixTimestamp64Nano({bind(ns, 'Int64')}, 'UTC')"
        case c.IdEquals(id=record_id):
            return f"id = {bind(str(record_id), 'UUID')}"
        case _:
            return _text(condition, bind)


def _message(condition: c.MessageTest, bind: Binder) -> str:
    tests: list[str] = []
    match condition:
        case c.MessageHas(text=text, words=words):
            if words:
                tests.append(f"hasAllTokens({MESSAGE}, {bind(' '.join(words))})")
            if (text,) != words:
                tests.append(f"position({MESSAGE}, {bind(text)}) > 0")
        case c.MessageLike(regex=regex, parts=parts):
            for part in parts:
                tests.append(f"{MESSAGE} LIKE {bind('%' + _like(part) + '%')}")
            tests.append(f"match({MESSAGE}, {bind(regex)})")
    return "(" + " AND ".join(tests) + ")"


def _text(condition: c.TextTest, bind: Binder) -> str:
    match condition:
        case c.Present(field=field):
            return f"{bind.text_of(field)} != ''"
        case c.TextMatches(field=field, pattern=pattern):
            return f"match({bind.text_of(field)}, {bind(pattern)})"
        case c.TextLike(field=field, parts=parts):
            pattern = "".join(_LIKE[text] if wild else _like(text) for wild, text in parts)
            return f"{bind.text_of(field)} LIKE {bind(pattern)}"
        case c.TextCompares(field=field, operator=operator, text=text):
            value = bind.text_of(field)
            return f"({value} != '' AND {value} {operator} {bind(text)})"
        case c.NumberCompares(field=field, operator=operator, number=number):
            return _number(bind.text_of(field), operator, number, bind)
        case c.TextEquals(field=field, text=text, number=number):
            value = bind.text_of(field)
            equal = f"{value} = {bind(text)}"
            return equal if number is None else f"({equal} OR {_number(value, '=', number, bind)})"


_LIKE = {"*": "%", "?": "_"}


def _like(text: str) -> str:
    """A literal inside LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _number(value: str, operator: str, number: float, bind: Binder) -> str:
    """Compare as numbers; text that is no number is false, not NULL, so that NOT is exact."""
    return f"ifNull(toFloat64OrNull({value}) {operator} {bind(number, 'Float64')}, 0)"
