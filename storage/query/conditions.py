"""What a query means: the few tests on a record that every query comes down to.

`meaning.py` makes these from a syntax tree; `sql.py` and `predicate.py` run them. A test is true
or false for every record, never unknown, so NOT is the exact complement. A level of its own beside
the tree: that keeps what was written, to be shown again, while here every value has the type of its
field, so that the two compilers cannot read one differently.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from storage.query.fields import Field

Comparison = Literal["=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Every record, or none."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHas:
    """The lower-cased message contains `text` and each of `words` as a whole word."""

    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLike:
    """The lower-cased message matches `regex` (both engines' common part) and holds `parts`."""

    regex: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEquals:
    """The text is exactly `text`; `number`, if any, also finds other spellings of it (500.0)."""

    field: Field
    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLike:
    """The whole text fits; parts are (is wildcard, text)."""

    field: Field
    parts: tuple[tuple[bool, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatches:
    """The RE2 pattern is found somewhere in the text."""

    field: Field
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCompares:
    """The text is not empty and sorts so by its bytes."""

    field: Field
    operator: Comparison
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCompares:
    """The text is a number and compares so."""

    field: Field
    operator: Comparison
    number: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerCompares:
    """The integer column compares so; the number is within the column's type."""

    column: str
    operator: Comparison
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCompares:
    """The time column compares so with `number`, in ns since 1970, UTC."""

    column: str
    operator: Comparison
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdEquals:
    """The record's id is this."""

    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The text is not empty."""

    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All of them."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One or more of them."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """The complement."""

    part: "Condition"


MessageTest = MessageHas | MessageLike
TextTest = TextEquals | TextLike | TextMatches | TextCompares | NumberCompares | Present
ColumnTest = IntegerCompares | TimeCompares | IdEquals
Condition = Constant | MessageTest | TextTest | ColumnTest | Every | Either | Negated
