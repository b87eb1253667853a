"""The fields a query can name: the columns of a record, and attributes for everything else."""

from dataclasses import dataclass
from enum import Enum, auto

from storage.query.text import escape, unescape

PREFIX = "attributes."
EXISTS = "_exists_"
# An attribute that holds several values with commas between; `tag` is one more name of it.
TAGS = ("tags", "tag")


class Kind(Enum):
    """What a field holds, which decides how it is compared."""

    MESSAGE = auto()
    TEXT = auto()
    LEVEL = auto()
    INTEGER = auto()
    TIME = auto()
    ID = auto()
    ATTRIBUTE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the record, or the attribute `name`."""

    name: str
    kind: Kind

    @property
    def is_attribute(self) -> bool:
        """Whether it is one of a line's attributes, which may lack it."""
        return self.kind is Kind.ATTRIBUTE


# A column of numbers that every line has: 0 is one, of lines that are as usual.
SCORE = "anomaly_score"
COLUMNS = {
    "message": Kind.MESSAGE,
    "service": Kind.TEXT,
    "host": Kind.TEXT,
    "source": Kind.TEXT,
    "logger": Kind.TEXT,
    "trace_id": Kind.TEXT,
    "span_id": Kind.TEXT,
    "app": Kind.TEXT,
    "level": Kind.LEVEL,
    "severity": Kind.LEVEL,
    "pattern_id": Kind.INTEGER,
    SCORE: Kind.INTEGER,
    "timestamp": Kind.TIME,
    "received_at": Kind.TIME,
    "id": Kind.ID,
}


def field_of(name: str) -> Field:
    """`status` and `attributes.status` are the attribute; `attributes.host` never the column.

    `tag` is `tags`; an attribute of that name is `attributes.tag`.
    """
    if name.startswith(PREFIX) and name != PREFIX:
        return Field(name=name.removeprefix(PREFIX), kind=Kind.ATTRIBUTE)
    if name in TAGS:
        return Field(name=TAGS[0], kind=Kind.ATTRIBUTE)
    return Field(name=name, kind=COLUMNS.get(name, Kind.ATTRIBUTE))


def named_field(name: str) -> Field:
    """The field that a name means, as a query writes it: `a\\ b` is the attribute `a b`."""
    return field_of(unescape(name))


def written(field: Field) -> str:
    """The name as a query has to write it."""
    name = field.name
    is_hidden = name in COLUMNS or name in (EXISTS, TAGS[1]) or name.startswith(PREFIX)
    prefix = PREFIX if field.is_attribute and is_hidden else ""
    return prefix + escape(name)
