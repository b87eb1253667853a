"""What the settings of a source say about enrichment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Switch = Literal["auto", "on", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """A tag for records of which one of `fields` holds one of `words`, in any case.

    A field is a column of text (`service`, `message` …), an attribute, or `path`, which stands for
    the path under any of its names.
    """

    tag: str
    fields: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A look-up table: the value of `field` → values of `columns`, stored as `<name>.<column>`.

    `rows` maps a key to the place of its row in `values`, which holds a list for each column.
    """

    name: str
    field: str
    rows: Mapping[str, int]
    columns: tuple[str, ...]
    values: Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enrichment:
    """What to add to the records of a source; compared by identity, as it may hold tables.

    Attributes:
        agents: parts of the user agent; `auto` as `on`.
        urls: path, query and route; `auto`: for access logs only.
        ip_class: the class of the client's address.
        geo_files: MaxMind databases; empty: none.
    """

    agents: Switch = "auto"
    urls: Switch = "auto"
    ip_class: bool = False
    geo_files: tuple[Path, ...] = ()
    tags: tuple[TagRule, ...] = ()
    tables: tuple[Table, ...] = ()
