"""Formats written as data: what a checked `<name>.toml` does to lines (see `parsing.loader`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from parsing.contracts import TEXT_COLUMNS, Found, Matched
from parsing.frames import SCRATCH, all_rows, amended, none_of
from parsing.severities import severity_of_status, severity_of_words

SEVERITY_RULES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "http_status": severity_of_status,
    "level": severity_of_words,
}
_SEVERITY = "severity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A second pattern for one field; a value it does not fit stays whole."""

    field: str
    regex: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a file says.

    Attributes:
        patterns: regexes with named groups, tried in order.
        splits: second patterns, in order.
        layouts: strptime layouts of `timestamp`; empty means ISO-8601 or an epoch.
        absent: field → the text that stands for "no value".
        severity: field and the rule that gives its severity, or None.
    """

    patterns: tuple[str, ...]
    splits: tuple[Split, ...]
    layouts: tuple[str, ...]
    absent: Mapping[str, str]
    severity: tuple[str, str] | None

    def parse(self, lines: pl.Series) -> Found:
        """Read n lines (String); see `Format.parse`."""
        found = _extract(lines, self.patterns[0])
        for pattern in self.patterns[1:]:
            found = _extract_rest(lines, pattern, found)
        empty = _is_empty(found)
        rows = all_rows(len(lines))
        if empty.any():
            found, rows = found.filter(~empty), rows.filter(~empty)
        if not len(rows):
            return Found(matched=())
        for split in self.splits:
            found = _split_field(found, split)
        return Found(matched=[self._matched(rows, self._finish(found))])

    def _matched(self, rows: pl.Series, found: pl.DataFrame) -> Matched:
        own = {"timestamp", _SEVERITY, *TEXT_COLUMNS}
        columns = found.get_columns()
        return Matched(
            rows=rows,
            values={column.name: column for column in columns if column.name in own},
            attributes=[column for column in columns if column.name not in own | {"level"}],
            layouts=self.layouts,
        )

    def _finish(self, found: pl.DataFrame) -> pl.DataFrame:
        """Leave out what stands for "no value", and tell the severity."""
        columns = [
            pl.when(pl.col(name) != text).then(pl.col(name)).alias(name)
            for name, text in self.absent.items()
            if name in found.columns
        ]
        if self.severity and self.severity[0] in found.columns:
            field, rule = self.severity
            columns.append(SEVERITY_RULES[rule](pl.col(field)).alias(_SEVERITY))
        return found.with_columns(columns)


def _extract(lines: pl.Series, regex: str) -> pl.DataFrame:
    return lines.str.extract_groups(regex).struct.unnest()


def _is_empty(found: pl.DataFrame) -> pl.Series:
    if found.to_series(0).null_count() == 0:
        return none_of(len(found))
    return found.select(pl.all_horizontal(pl.all().is_null())).to_series()


def _extract_rest(lines: pl.Series, regex: str, found: pl.DataFrame) -> pl.DataFrame:
    """Ask one more pattern for the lines without a find."""
    rest = _is_empty(found)
    if not rest.any():
        return found
    return amended(found, rest, _extract(lines.filter(rest), regex))


def _split_field(found: pl.DataFrame, split: Split) -> pl.DataFrame:
    """Put the parts of a field beside it, and take it away where it was split."""
    parts = pl.col(split.field).str.extract_groups(split.regex)
    found = found.with_columns(parts.alias(SCRATCH)).unnest(SCRATCH)
    whole = pl.all_horizontal(pl.col(name).is_null() for name in split.names)
    return found.with_columns(pl.when(whole).then(pl.col(split.field)).alias(split.field))
