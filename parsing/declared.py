"""Formats written as data: what a checked `<name>.toml` does to lines (see `parsing.loader`)."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from parsing.bodies import BODY
from parsing.contracts import TEXT_COLUMNS, Found, Matched
from parsing.frames import SCRATCH, all_rows, amended, none_of
from parsing.pairs import GRAMMARS, read_pairs
from parsing.severities import SEVERITY_RULES, facilities, severities_in_text

_SEVERITY = "severity"
_OWN = {"timestamp", _SEVERITY, *TEXT_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A second pattern for one field; a value it does not fit stays whole."""

    field: str
    regex: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A field that tells the severity by a rule, after its own words.

    `is_spent`: the field is nothing else, so that it is not an attribute as well.
    """

    field: str
    rule: str
    words: Mapping[str, int]
    is_spent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a file says.

    Attributes:
        patterns: regexes with named groups, tried in order; `BODY` is none of the fields.
        splits: second patterns, in order.
        pairs: field → grammar of the pairs it holds; they replace it.
        layouts: layouts of `timestamp`; empty means ISO-8601 or an epoch.
        absent: field → the text that stands for "no value".
        scales: field → what its number is multiplied by.
        levels: fields that tell the severity, in order.
        has_levels_in_text: words of the line tell it where no field does.
    """

    patterns: tuple[str, ...]
    splits: tuple[Split, ...] = ()
    pairs: Mapping[str, str]
    layouts: tuple[str, ...]
    absent: Mapping[str, str]
    scales: Mapping[str, float]
    levels: tuple[Level, ...]
    has_levels_in_text: bool = False

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
        found = self._with_severity(self._finish(found), lines, rows)
        return Found(matched=[self._matched(rows, found)])

    def _matched(self, rows: pl.Series, found: pl.DataFrame) -> Matched:
        extras = []
        for field, grammar in self.pairs.items():
            if field not in found.columns:
                continue
            pairs = read_pairs(found[field], GRAMMARS[grammar], kept=_NOTHING)
            new = [name for name in pairs.columns.columns if name not in found.columns]
            found = found.drop(field).hstack(pairs.columns.select(new))
            if pairs.extras is not None:
                known = pl.col("key").is_in(found.columns)
                extras.append(pairs.extras.filter(~known))
        hidden = {*_OWN, BODY} | {level.field for level in self.levels if level.is_spent}
        columns = found.get_columns()
        return Matched(
            rows=rows,
            values={column.name: column for column in columns if column.name in _OWN},
            attributes=[column for column in columns if column.name not in hidden],
            extras=pl.concat(extras) if extras else None,
            layouts=self.layouts,
            bodies=found[BODY] if BODY in found.columns else None,
        )

    def _finish(self, found: pl.DataFrame) -> pl.DataFrame:
        """Leave out what stands for "no value", and bring numbers to their unit."""
        columns = [
            pl.when(pl.col(name) != text).then(pl.col(name)).alias(name)
            for name, text in self.absent.items()
            if name in found.columns
        ]
        found = found.with_columns(columns) if columns else found
        scaled = [
            _scaled(pl.col(name), factor).alias(name)
            for name, factor in self.scales.items()
            if name in found.columns
        ]
        return found.with_columns(scaled) if scaled else found

    def _with_severity(
        self, found: pl.DataFrame, lines: pl.Series, rows: pl.Series
    ) -> pl.DataFrame:
        own = [level for level in self.levels if level.field in found.columns]
        if own:
            told = pl.coalesce(_severity_by(level) for level in own)
            more = [
                facilities(pl.col(level.field)).alias("facility")
                for level in own
                if level.rule == "syslog_pri"
            ]
            found = found.with_columns(told.alias(_SEVERITY), *more)
        if not self.has_levels_in_text:
            return found
        if _SEVERITY not in found.columns:
            return found.with_columns(severities_in_text(lines.gather(rows)).alias(_SEVERITY))
        left = found[_SEVERITY].is_null().arg_true()
        if not len(left):
            return found
        words = severities_in_text(lines.gather(rows.gather(left)))
        return found.with_columns(found[_SEVERITY].scatter(left, words))


_NOTHING = frozenset[str]()


def _severity_by(level: Level) -> pl.Expr:
    told = SEVERITY_RULES[level.rule](pl.col(level.field))
    if not level.words:
        return told
    words = pl.col(level.field).str.to_lowercase()
    own = words.replace_strict(
        list(level.words), list(level.words.values()), default=None, return_dtype=pl.UInt8
    )
    return pl.coalesce(own, told)


def _scaled(number: pl.Expr, factor: float) -> pl.Expr:
    """The number times the factor, as text without needless zeros; what is no number stays."""
    value = (number.cast(pl.Float64, strict=False) * factor).round(6)
    return pl.coalesce(value.cast(pl.String).str.strip_suffix(".0"), number)


def _extract(lines: pl.Series, regex: str) -> pl.DataFrame:
    return lines.str.extract_groups(regex).struct.unnest()


def _is_empty(found: pl.DataFrame) -> pl.Series:
    if found.to_series(0).null_count() == 0:
        return none_of(len(found))
    return found.select(pl.all_horizontal(pl.exclude(BODY).is_null())).to_series()


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
