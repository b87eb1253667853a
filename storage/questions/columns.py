"""Fields that a question names → SQL over one line. Names are bound like values, never spliced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logplatform.kernel.levels import LEVELS
from storage.contracts import InvalidField
from storage.query import Binder
from storage.query.fields import SCORE, Field, Kind, named_field

MAX_NAME_CHARS = 300
LEVEL_INDEX = "intDiv(greatest(severity, 1) - 1, 4)"
_LEVEL_WORDS = ", ".join(f"'{level}'" for level in LEVELS)
_REFUSED = {
    Kind.TIME: "it is a time; `interval` cuts figures by it, /logs/stats tells the first and last",
    Kind.ID: "every line has an id of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field as SQL.

    Attributes:
        name: as it was written.
        key: what is grouped by; cheap.
        shown: the value of a grouped `{}` as text, empty where lines have none.
        number: the value as a finite number, else NULL.
        is_present: whether a line has a value.
    """

    name: str
    key: str
    shown: str
    number: str
    is_present: str


class Columns:
    """Makes the columns of one statement; `params` are the names they bind."""

    def __init__(self, prefix: str = "c") -> None:
        self._bind = Binder(prefix)
        self._texts: dict[Field, str] = {}

    @property
    def reads(self) -> list[str]:
        """The expressions over a line that all others are made of."""
        return [*self._texts.values()]

    @property
    def params(self) -> dict[str, Any]:
        """Values of the parameters that the columns name."""
        return self._bind.params

    def of(self, name: str) -> Column:
        """The column of a field, named as in a query. Raises: InvalidField."""
        field = _readable(name)
        text = self._text_of(field)
        match field.kind:
            case Kind.LEVEL if field.name == "level":
                shown = f"[{_LEVEL_WORDS}][{{}} + 1]"
                return _column(name, LEVEL_INDEX, shown, "toFloat64(severity)", "1")
            case Kind.LEVEL:
                return _column(name, "severity", "toString({})", "toFloat64(severity)", "1")
            case Kind.INTEGER if field.name == SCORE:
                return _column(name, text, "toString({})", f"toFloat64({text})", "1")
            case Kind.INTEGER:
                shown, number = "if({0} = 0, '', toString({0}))", f"toFloat64({text})"
                return _column(name, text, shown, number, f"{text} != 0")
            case _:
                return _text_column(name, text)

    def first_of(self, name: str, attributes: Sequence[str]) -> Column:
        """The first of several attributes that a line has, under one name."""
        fields = [Field(name=attribute, kind=Kind.ATTRIBUTE) for attribute in attributes]
        texts = [self._text_of(field) for field in fields]
        tests = [part for text in texts[:-1] for part in (f"{text} != ''", text)]
        first = f"multiIf({', '.join([*tests, texts[-1]])})" if tests else texts[0]
        return _text_column(name, first)

    def _text_of(self, field: Field) -> str:
        """The same for the same field, so that the engine computes what is made of it once."""
        if field not in self._texts:
            is_level = field.kind is Kind.LEVEL
            self._texts[field] = "severity" if is_level else self._bind.text_of(field)
        return self._texts[field]


def _column(name: str, key: str, shown: str, number: str, is_present: str) -> Column:
    return Column(name=name, key=key, shown=shown, number=number, is_present=is_present)


def _text_column(name: str, text: str) -> Column:
    number = f"toFloat64OrNull({text})"
    finite = f"if(isFinite({number}), {number}, NULL)"
    return _column(name, text, "toString({})", finite, f"{text} != ''")


def _readable(name: str) -> Field:
    if not name or len(name) > MAX_NAME_CHARS:
        raise InvalidField(name=name[:50], reason="a name has 1 to 300 characters")
    field = named_field(name)
    if field.kind in _REFUSED:
        raise InvalidField(name=name, reason=_REFUSED[field.kind])
    return field
