"""Fields of an export → SQL: what each is called, and how it is worded in text and in columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logplatform.kernel.errors import PlatformError
from storage.query.fields import Field, named_field

RECORD_FIELDS = ("id", "timestamp", "received_at", "app", "source", "service", "host") + (
    "logger", "severity", "level", "message", "trace_id", "span_id", "attributes", "pattern_id",
    "anomaly_score",
)  # fmt: skip
MAX_FIELDS = 100
_MAX_NAME = 250
_ATTRIBUTES = "attributes"
_TIMES = ("timestamp", "received_at")
_NUMBERS = ("severity", "pattern_id", "anomaly_score")
# What a spreadsheet takes for a formula, wide forms included. Source: OWASP, CSV injection.
FORMULA = "^[=+\\-@\\t\\r\\n\\x00＝＋－＠]"


class InvalidFields(PlatformError):
    """Names of fields that cannot be exported."""

    code = "invalid_fields"
    status = 400
    message = "These fields cannot be exported: {reason}."
    hint = "Name fields as in a query, by commas, such as timestamp,level,message,attributes.path."


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field: its name as asked for, and what it is in the table; None: all attributes."""

    name: str
    number: int
    field: Field | None

    @property
    def params(self) -> dict[str, str]:
        """The values that `value` names."""
        return {} if self._column or not self.field else {f"k{self.number}": self.field.name}

    @property
    def _column(self) -> str:
        """What it is called in the table; empty for an attribute."""
        if self.field is None:
            return _ATTRIBUTES
        return "" if self.field.is_attribute else self.field.name

    @property
    def value(self) -> str:
        """The value as it is stored; of an attribute that a line lacks, NULL."""
        if self._column:
            return "toString(id)" if self._column == "id" else self._column
        key = f"{{k{self.number}:String}}"
        return f"if(mapContains(attributes, {key}), attributes[{key}], NULL)"

    @property
    def text(self) -> str:
        """The value with times as in the API."""
        if self._column in _TIMES:
            is_exact = self._column == "timestamp"
            digits = "'(\\\\.000000000|000000|000)$'" if is_exact else "'\\\\.000$'"
            return (
                f"concat(replaceOne(replaceRegexpOne(toString({self._column}), {digits}, ''), "
                "' ', 'T'), 'Z')"
            )
        return self.value

    @property
    def cell(self) -> str:
        """The value for a spreadsheet, which must not take it for a formula."""
        if self._column in (*_TIMES, *_NUMBERS, "id", "level"):
            return self.text
        text = "toJSONString(attributes)" if self.field is None else f"toString({self.value})"
        return f"if(match({text}, {{formula:String}}), concat('''', {text}), {text})"


def columns_of(names: Sequence[str]) -> list[Column]:
    """The columns for names as a query writes them; all of the record for none.

    Raises:
        InvalidFields: too many, one twice, or one that is no name.
    """
    wanted = list(names) or list(RECORD_FIELDS)
    if len(wanted) > MAX_FIELDS:
        raise InvalidFields(reason=f"more than {MAX_FIELDS}")
    if len(set(wanted)) < len(wanted):
        raise InvalidFields(reason="one is named twice")
    if any(not name or len(name) > _MAX_NAME or "\0" in name for name in wanted):
        raise InvalidFields(reason="a name is empty or too long")
    return [
        Column(name=name, number=number, field=None if name == _ATTRIBUTES else named_field(name))
        for number, name in enumerate(wanted)
    ]


def all_params(columns: Sequence[Column]) -> dict[str, Any]:
    """The values that the columns name."""
    return {name: value for column in columns for name, value in column.params.items()}
