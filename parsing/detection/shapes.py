r"""The shape of a line: its first tokens, with every number as `0` and every word as `a`.

`10.0.0.7 - - [11/Feb` has the shape `0.0.0.0 - - [0/a`. Lines of one format have few shapes, so
what is slow is done once per shape. A shape that is the whole line ends with `e`. Of JSON two
characters tell enough, as it is asked first.
"""

import re

import polars as pl

from parsing.detection.symbols import DIGITS, LETTERS, OTHER, symbols_of
from parsing.frames import constant

MAX_TOKENS = 16
_TOKENS = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]")
# A date and time at the start does not count: fifty formats have it, and differ behind it.
_STAMP = r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
_OBJECT = '{"'
_HEAD = rf"^(\{{\"|(?:{_STAMP})?(?:[0-9]+|[A-Za-z]+|[^0-9A-Za-z]){{0,{MAX_TOKENS}}})"
_HEAD_OF_ONE = re.compile(_HEAD)
_SAMPLES = 12
# Below this many lines, looking for frequent shapes costs more than it saves.
_MANY_LINES = 512


def shape_of(line: str) -> str:
    """The shape of one line."""
    found = _HEAD_OF_ONE.match(line)
    head = found[0] if found else ""
    shape = "".join(_mark_of(token[0][0]) for token in _TOKENS.finditer(head))
    return shape + "e" if len(head) == len(line) else shape


def _mark_of(first: str) -> str:
    if not first.isascii():
        return first
    return "0" if first.isdigit() else "a" if first.isalpha() else first


def shapes_of(lines: pl.Series) -> pl.Series:
    """The shapes of n lines (String, no nulls)."""
    if len(lines) < _MANY_LINES:
        return _all_shapes(lines)
    if lines.str.starts_with(_OBJECT).all():
        return constant(_OBJECT, len(lines), pl.String)
    sample = lines.gather_every(max(1, len(lines) // _SAMPLES))
    shapes = constant(None, len(lines), pl.String)
    rest = None
    for shape in dict.fromkeys(map(shape_of, sample)):
        own = lines if rest is None else lines.gather(rest)
        fits = own.str.contains(regex_of(shape))
        if rest is None and fits.all():
            return constant(shape, len(lines), pl.String)
        rows = fits.arg_true() if rest is None else rest.filter(fits)
        shapes = shapes.scatter(rows, shape)
        rest = (~fits).arg_true() if rest is None else rest.filter(~fits)
    if rest is None or not len(rest):
        return shapes
    return shapes.scatter(rest, _all_shapes(lines.gather(rest)))


def _all_shapes(lines: pl.Series) -> pl.Series:
    head = pl.col("line").str.extract(_HEAD)
    shape = head.str.replace_all("[0-9]+", "0").str.replace_all("[A-Za-z]+", "a")
    is_whole = head.str.len_bytes() == pl.col("line").str.len_bytes()
    end = pl.when(is_whole).then(pl.lit("e")).otherwise(pl.lit(""))
    return lines.alias("line").to_frame().select(shape + end).to_series()


def regex_of(shape: str) -> str:
    """A regex of the lines that have this shape."""
    classes = {"0": "[0-9]+", "a": "[A-Za-z]+", "e": "$"}
    parts = [classes.get(mark) or f"\\x{{{ord(mark):x}}}" for mark in shape]
    return "^" + "".join(parts)


def symbols_of_mark(mark: str) -> int:
    """What characters a mark of a shape stands for."""
    runs = {"0": DIGITS, "a": LETTERS}
    return runs.get(mark) or (symbols_of(mark) if mark.isascii() else OTHER)
