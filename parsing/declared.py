"""Formats written as data: what a checked `<name>.toml` does to lines (see `parsing.loader`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from parsing.contracts import TEXT_COLUMNS, Matched
from parsing.severities import read_severities, severities_of_status

SEVERITY_RULES: Mapping[str, Callable[[pl.Series], pl.Series]] = {
    "http_status": severities_of_status,
    "level": read_severities,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A second pattern for one field; a value it does not fit stays whole."""

    field: str
    regex: str


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

    def parse(self, lines: pl.Series) -> Matched:
        """Read n lines (String); see `Format.parse`."""
        found = _extract(lines, self.patterns[0])
        for pattern in self.patterns[1:]:
            found = _extract_rest(lines, pattern, found)
        mask = ~_is_empty(found)
        found = found if mask.all() else found.filter(mask)
        for split in self.splits:
            found = _split_field(found, split)
        return self._typed(mask, self._without_absent(found))

    def _without_absent(self, found: pl.DataFrame) -> pl.DataFrame:
        return found.with_columns(
            pl.when(pl.col(name) != text).then(pl.col(name)).alias(name)
            for name, text in self.absent.items()
            if name in found.columns
        )

    def _typed(self, mask: pl.Series, found: pl.DataFrame) -> Matched:
        names = [name for name in ("timestamp", *TEXT_COLUMNS) if name in found.columns]
        values = found.select(names)
        if self.severity:
            field, rule = self.severity
            values = values.with_columns(SEVERITY_RULES[rule](found[field]).alias("severity"))
            names += ["level"] if field == "level" else []
        return Matched(
            mask=mask,
            values=values,
            attributes=found.drop(names),
            layouts=self.layouts,
        )


def _extract(lines: pl.Series, regex: str) -> pl.DataFrame:
    return lines.str.extract_groups(regex).struct.unnest()


def _is_empty(found: pl.DataFrame) -> pl.Series:
    if found.width and found.to_series(0).null_count() == 0:
        return pl.repeat(False, len(found), eager=True)
    return found.select(pl.all_horizontal(pl.all().is_null())).to_series()


def _extract_rest(lines: pl.Series, regex: str, found: pl.DataFrame) -> pl.DataFrame:
    """Ask one more pattern for the lines without a find."""
    rest = _is_empty(found)
    if not rest.any():
        return found
    more = _extract(lines.filter(rest), regex)
    places = pl.int_range(len(lines), len(lines) + len(more), dtype=pl.UInt32, eager=True)
    order = pl.int_range(len(lines), dtype=pl.UInt32, eager=True).scatter(rest.arg_true(), places)
    return pl.concat([found, more], how="diagonal")[order]


def _split_field(found: pl.DataFrame, split: Split) -> pl.DataFrame:
    parts = _extract(found[split.field], split.regex)
    whole = _is_empty(parts)
    kept = pl.select(pl.when(whole).then(found[split.field])).to_series().alias(split.field)
    return found.with_columns(kept, *parts.get_columns())
