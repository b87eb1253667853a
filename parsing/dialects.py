"""Dialects of JSON logs: under which names a system writes time, level, message and the rest.

All are read by the one JSON reader. A dialect is `parsing/formats/json/<name>.toml` with the keys
that a line must have to be of it; lines of none are plain JSON.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import polars as pl

from logplatform.kernel.levels import severity_of_level
from logplatform.kernel.request_fields import STATUS
from parsing.contracts import Format, Found
from parsing.names import format_files

READER = "json"
KEYS = frozenset({"keys", "names", "levels", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a system names its fields.

    Attributes:
        name: the format's name; empty: plain JSON.
        keys: each a choice of joined keys of which a line has one.
        names: column of the record → keys that give it, the first that is present.
        words: levels that only this system has, in small letters → severity.
        status: keys with an HTTP status, which gives the severity where no level does; the usual
            ones (`request_fields.STATUS`) are among them.
    """

    name: str = ""
    keys: tuple[tuple[str, ...], ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    status: tuple[str, ...] = ()

    def all_names(self) -> set[str]:
        """Every key that means something here."""
        return {name for names in (*self.names.values(), *self.keys, self.status) for name in names}

    def may_be_in(self, columns: set[str]) -> bool:
        """Whether a frame with these columns can hold lines of this dialect."""
        return all(not columns.isdisjoint(choice) for choice in self.keys)

    def mask_in(self, frame: pl.DataFrame) -> pl.Series:
        """The rows that are of this dialect."""
        has = [
            pl.any_horizontal(pl.col(key).is_not_null() for key in choice if key in frame.columns)
            for choice in self.keys
        ]
        return frame.select(pl.all_horizontal(has)).to_series()


PLAIN = Dialect(
    names={
        "timestamp": ("timestamp", "@timestamp", "time", "ts", "t"),
        "severity": ("level", "severity", "lvl", "log.level", "severity_number", "severityNumber"),
        "message": ("message", "msg", "log", "body", "short_message"),
        "service": ("service", "service.name", "service_name"),
        "host": ("host", "hostname", "host.name"),
        "logger": ("logger", "logger_name", "log.logger"),
        "trace_id": ("trace_id", "traceId", "trace.id"),
        "span_id": ("span_id", "spanId", "span.id"),
    },
    status=STATUS,
)


@cache
def dialects() -> tuple[Dialect, ...]:
    """Every dialect; of two that fit, the one with more keys first."""
    found = [
        dialect_of(file.stem, tomllib.loads(file.read_text("utf-8")))
        for file in format_files()
        if file.suffix == ".toml" and file.parent.name == READER
    ]
    return tuple(sorted(found, key=lambda each: (-len(each.keys), each.name)))


def dialect_of(name: str, raw: Mapping[str, Any]) -> Dialect:
    """A dialect as its file says; after its own names those of plain JSON count.

    Raises:
        ValueError: a column or a level that does not exist, or no keys.
    """
    names = {column: _listed(own) for column, own in raw.get("names", {}).items()}
    words = {word.lower(): severity_of_level(own) for word, own in raw.get("levels", {}).items()}
    unknown = [*(names.keys() - PLAIN.names), *(word for word in words if words[word] is None)]
    if unknown or not raw.get("keys"):
        raise ValueError(f"unknown: {', '.join(unknown)}" if unknown else "needs keys")
    return Dialect(
        name=name,
        keys=tuple(tuple(choice.split("|")) for choice in raw["keys"]),
        names={
            column: tuple(dict.fromkeys([*names.get(column, []), *usual]))
            for column, usual in PLAIN.names.items()
        },
        words={word: severity for word, severity in words.items() if severity},
        status=tuple(dict.fromkeys([*_listed(raw.get("status", [])), *STATUS])),
    )


def read_dialect(reader: Format, name: str, lines: pl.Series) -> Found:
    """What a reader finds of one dialect; its other finds are left out."""
    found = reader.parse(lines)
    return replace(found, matched=[each for each in found.matched if each.format == name])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
