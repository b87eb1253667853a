"""Reads, checks and compiles format files: `parsing/formats/<name>.toml`.

`docs/formats-guide.md` explains each key.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import polars as pl

from logplatform.kernel.levels import severity_of_level
from parsing.bodies import mark_body
from parsing.contracts import RECORD_SCHEMA, TEXT_COLUMNS, Field, Format, Sample
from parsing.declared import Level, Rules, Split
from parsing.dialects import KEYS as DIALECT_KEYS
from parsing.dialects import dialect_of, read_dialect
from parsing.layouts import LAYOUT_SETS
from parsing.pairs import GRAMMARS
from parsing.patterns import UnknownPattern, expand
from parsing.severities import SEVERITY_RULES

TYPES = ("text", "int", "float", "ip", "datetime", "level")
_SHARED_KEYS = {"title", "source", "specificity", "fields", "sample"}
_TOP_KEYS = _SHARED_KEYS | {"severity", "pattern", "split", "pairs"}
_FIELD_KEYS = {"type", "unit", "layout", "absent", "severity", "scale", "words"}
_RESERVED = {*RECORD_SCHEMA} - {"timestamp", *TEXT_COLUMNS}
_GROUP = re.compile(r"\(\?P?<([A-Za-z_][A-Za-z0-9_.\[\]]*)>")


class FormatError(Exception):
    """A format file is wrong; names the file and the place in it."""


def load_dialect(file: Path, readers: Mapping[str, Format]) -> Format:
    """Make a format that another one's reader finds (see `parsing.dialects`).

    Raises:
        FormatError: as `load_format`, or there is no such reader.
    """
    raw = _read(file)
    _check_keys(f"{file}", raw, {"title", "source", "sample", "reader", *DIALECT_KEYS})
    _require(f"{file}", isinstance(raw.get("title"), str) and raw["title"], "needs a title")
    _require(f"{file}", raw["reader"] in readers, f"there is no reader {raw['reader']!r}")
    try:
        dialect = dialect_of(file.stem, raw)
    except ValueError as error:
        raise FormatError(f"{file}: {error}") from error
    reader = readers[raw["reader"]]
    return replace(
        reader,
        title=raw["title"],
        source=raw.get("source", ""),
        parse=partial(read_dialect, reader, dialect.name),
        specificity=reader.specificity + len(dialect.keys),
        samples=_samples(file, raw),
        reader=raw["reader"],
    )


def is_dialect(file: Path) -> bool:
    """Whether the file is of a format that another one reads."""
    return "reader" in _read(file)


def load_format(file: Path) -> Format:
    """Make a format from a file.

    Args:
        file: `.toml`, in the form of `docs/formats-guide.md`.
    Raises:
        FormatError: a key, pattern, field or sample is missing or wrong; polars' linear-time engine
            cannot compile a pattern; no accepted or no refused sample.
    """
    raw = _read(file)
    _check_keys(f"{file}", raw, _TOP_KEYS)
    _require(f"{file}", isinstance(raw.get("title"), str) and raw["title"], "needs a title")
    patterns = [_regex(file, "pattern", entry) for entry in _tables(file, raw, "pattern")]
    _require(f"{file}", patterns, "needs a [[pattern]]")
    splits = tuple(_split(file, entry) for entry in _tables(file, raw, "split"))
    pairs = _pairs(file, raw)
    names = list(dict.fromkeys(_names_in([*patterns, *(split.regex for split in splits)])))
    for field in pairs:
        _require(f"{file}", field in names, f"[[pairs]] of an unknown field {field!r}")
    for split in splits:
        _require(f"{file}", split.field in names, f"[[split]] of an unknown field {split.field!r}")
    reserved = sorted(name for name in names if name in _RESERVED or name.startswith("_"))
    _require(f"{file}", not reserved, f"a group cannot be named {', '.join(reserved)}")
    fields = _fields(file, raw, names)
    rules = Rules(
        patterns=tuple(mark_body(pattern) for pattern in patterns),
        splits=splits,
        pairs=pairs,
        layouts=_layouts(fields),
        absent={name: entry["absent"] for name, entry in fields.items() if "absent" in entry},
        scales={name: entry["scale"] for name, entry in fields.items() if "scale" in entry},
        levels=tuple(_levels(file, fields)),
        has_levels_in_text=raw.get("severity") == "text",
    )
    return Format(
        title=raw["title"],
        source=raw.get("source", ""),
        specificity=raw.get("specificity", 10 * len(names)),
        parse=rules.parse,
        patterns=tuple(patterns),
        fields=tuple(_field(name, fields.get(name, {})) for name in names),
        samples=_samples(file, raw),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{file}: not readable as TOML: {error}") from error


def _require(place: str, holds: object, problem: str) -> None:
    if not holds:
        raise FormatError(f"{place}: {problem}")


def _check_keys(place: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(table) - set(known))
    _require(place, not unknown, f"unknown key {', '.join(unknown)}")


def _tables(file: Path, raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    tables = raw.get(key, [])
    are_tables = isinstance(tables, list) and all(isinstance(entry, dict) for entry in tables)
    _require(f"{file}", are_tables, f"{key} must be written as [[{key}]]")
    return cast("list[dict[str, Any]]", tables)


def _regex(file: Path, kind: str, entry: Mapping[str, Any]) -> str:
    """The table's regex, after polars has compiled it."""
    place = f"{file}: [[{kind}]] {entry.get('name', entry.get('field', ''))}".rstrip()
    _check_keys(place, entry, {"name", "field", "regex"})
    regex = entry.get("regex")
    if not isinstance(regex, str):
        raise FormatError(f"{place}: needs a regex")
    try:
        regex = expand(regex)
        pl.Series([""]).str.extract_groups(regex).struct.unnest()
    except UnknownPattern as error:
        raise FormatError(f"{place}: {error}") from error
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise FormatError(f"{place}: the regex does not compile: {error}") from error
    _require(place, _names_in([regex]), "the regex names no group")
    return regex


def _split(file: Path, entry: Mapping[str, Any]) -> Split:
    regex = _regex(file, "split", entry)
    return Split(field=str(entry.get("field")), regex=regex, names=tuple(_names_in([regex])))


def _names_in(regexes: Iterable[str]) -> list[str]:
    return [name for regex in regexes for name in _GROUP.findall(regex)]


def _fields(file: Path, raw: Mapping[str, Any], names: list[str]) -> dict[str, dict[str, Any]]:
    fields = raw.get("fields", {})
    for name, entry in fields.items():
        place = f"{file}: [fields] {name}"
        _require(place, name in names, "no pattern has a group of this name")
        _require(place, isinstance(entry, dict), "must be a table such as { type = 'int' }")
        _check_keys(place, entry, _FIELD_KEYS)
        kind = entry.get("type", "text")
        _require(place, kind in TYPES, f"unknown type {kind!r}; known: {', '.join(TYPES)}")
    return cast("dict[str, dict[str, Any]]", fields)


def _layouts(fields: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    layout = fields.get("timestamp", {}).get("layout", ())
    layouts = (layout,) if isinstance(layout, str) else tuple(layout)
    return tuple(each for name in layouts for each in LAYOUT_SETS.get(name, (name,)))


def _levels(file: Path, fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Level]:
    """The fields that tell the severity: those with a rule, and those of type `level`."""
    for name, entry in fields.items():
        rule = entry.get("severity", "level" if entry.get("type") == "level" else None)
        if rule is None:
            continue
        place = f"{file}: [fields] {name}"
        _require(place, rule in SEVERITY_RULES, f"unknown severity rule {rule!r}")
        words = {word: severity_of_level(level) for word, level in entry.get("words", {}).items()}
        unknown = sorted(word for word, severity in words.items() if severity is None)
        _require(place, not unknown, f"words: unknown level for {', '.join(unknown)}")
        known = {word.lower(): severity for word, severity in words.items() if severity}
        is_spent = entry.get("type") == "level" or rule == "syslog_pri"
        yield Level(field=name, rule=rule, words=known, is_spent=is_spent)


def _pairs(file: Path, raw: Mapping[str, Any]) -> dict[str, str]:
    pairs = {}
    for entry in _tables(file, raw, "pairs"):
        place = f"{file}: [[pairs]]"
        _check_keys(place, entry, {"field", "grammar"})
        grammar = entry.get("grammar")
        known = ", ".join(GRAMMARS)
        _require(place, grammar in GRAMMARS, f"unknown grammar {grammar!r}; known: {known}")
        pairs[str(entry.get("field"))] = str(grammar)
    return pairs


def _field(name: str, entry: Mapping[str, Any]) -> Field:
    return Field(name=name, type=entry.get("type", "text"), unit=entry.get("unit", ""))


def _samples(file: Path, raw: Mapping[str, Any]) -> tuple[Sample, ...]:
    samples = []
    for number, entry in enumerate(_tables(file, raw, "sample"), start=1):
        place = f"{file}: [[sample]] {number}"
        _check_keys(place, entry, {"line", "expect"})
        line, expect = entry.get("line"), entry.get("expect")
        _require(place, isinstance(line, str), "needs a line")
        is_expectation = expect == "reject" or isinstance(expect, dict)
        _require(place, is_expectation, "expect is a table of values or 'reject'")
        samples.append(Sample(line=str(line), expect=None if expect == "reject" else expect))
    accepted = [sample for sample in samples if sample.expect is not None]
    _require(f"{file}", accepted, "needs a [[sample]] that is accepted")
    _require(f"{file}", len(accepted) < len(samples), "needs a [[sample]] that is refused")
    return tuple(samples)
