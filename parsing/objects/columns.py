"""Many JSON objects at once, as columns; says for which lines that is not exact.

polars reads NDJSON natively (1.2 µs a line), but keeps the first of repeated keys, drops keys that
the schema lacks, and respells numbers (`1.0` → `1`; see `parsing.objects.spelling`). So every line
is accounted for: its count of `":` must equal the values found, its nulls and those inside its
values. Lines that do not add up are read again with their own keys, then left to
`parsing.objects.exact`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from parsing.frames import (
    SCRATCH,
    all_rows,
    amended,
    count_present,
    no_columns,
    none_of,
    put,
    row_sum,
    spread,
    spread_mask,
)
from parsing.objects.aligned import read_aligned
from parsing.objects.exact import MAX_FIELDS, is_odd_key
from parsing.objects.part import Part
from parsing.objects.schema import (
    MAX_LEVELS,
    Schema,
    count_columns,
    found_schema,
    group_by_keys,
    read_ndjson,
    sampled_schema,
)
from parsing.objects.spelling import (
    KEY_END,
    amend,
    has_odd_array,
    is_garbled,
    valid_pattern,
)
from parsing.objects.uniform import nested_columns, read_uniform

# 16 bytes each: bounds what a batch of many kinds of lines takes.
_MAX_CELLS = 4_000_000
# A key that a line lacks costs 0.1 µs; reading a group by itself costs 4 ms.
_MANY_COLUMNS = 64
_MIN_GROUP = 400

_NULL = KEY_END + r"null\s*[,}]"
_OBJECT_VALUE = KEY_END + r"\{"
_ARRAY_VALUE = KEY_END + r"\["
_EMPTY_OBJECT = r"\{\s*\}"
_BRACED_STRING = r'"\s*:\s*"(?:\{|\\u007[bB])'
_VALID = valid_pattern()


@dataclass(frozen=True, slots=True)
class _Level:
    """n texts read: their rows, which are wrong, which lack keys, and which columns hold arrays."""

    frame: pl.DataFrame
    bad: pl.Series
    short: pl.Series
    has_arrays: bool


def read_parts(lines: pl.Series) -> tuple[list[Part], pl.Series]:
    """Read JSON objects.

    Args:
        lines: n lines (String), any text.
    Returns:
        Parts with one String column per joined key, exact; and the rows of lines that are in no
        part and need `read_exact`.
    """
    parts, rows = read_aligned(lines)
    if not len(rows):
        return parts, rows
    others, left = _read_others(lines.gather(rows) if parts else lines)
    return [*parts, *(Part(rows.gather(each.rows), each.frame) for each in others)], rows.gather(
        left
    )


def _read_others(lines: pl.Series) -> tuple[list[Part], pl.Series]:
    """As `read_parts`, of lines that are of no shape."""
    rows = all_rows(len(lines))
    uniform = read_uniform(lines)
    if uniform is not None:
        return [Part(rows, uniform)], rows.clear()
    texts, odd, bad = amend(lines)
    rows = rows.filter(~bad) if bad.any() else rows
    parts: list[Part] = []
    for find_schema in (sampled_schema, found_schema):
        short = []
        for piece, schema in _pieces(texts, rows, find_schema):
            whole = len(piece) == len(lines)
            level = _read_once(texts if whole else texts.gather(piece), schema, depth=1)
            short.append(piece.filter(level.short))
            parts += _trusted(piece, level, lines, odd)
        rows = pl.concat(short).sort() if short else rows.clear()
        if not len(rows):
            break
    left = none_of(len(lines))
    if parts:
        left = left.scatter(pl.concat(part.rows for part in parts), True)
    return parts, (~left).arg_true().cast(pl.UInt32)


def _pieces(
    texts: pl.Series, rows: pl.Series, find_schema: Callable[[pl.Series], Schema]
) -> Iterator[tuple[pl.Series, Schema]]:
    """The rows in pieces that share their keys; rows of rare kinds are in none."""
    own = texts if len(rows) == len(texts) else texts.gather(rows)
    schema = find_schema(own)
    width = count_columns(schema)
    if width > _MANY_COLUMNS and width > 3 * _keys_per_line(own):
        for group in group_by_keys(own, at_least=_MIN_GROUP):
            yield rows.gather(group), sampled_schema(own.gather(group))
        return
    step = max(1024, _MAX_CELLS // max(1, width))
    for start in range(0, len(rows), step):
        yield rows[start : start + step], schema


def _keys_per_line(texts: pl.Series) -> float:
    keys = texts[:: max(1, len(texts) // 64)].str.count_matches('":', literal=True)
    return float(keys.sum()) / max(1, len(keys))


def _trusted(rows: pl.Series, level: _Level, lines: pl.Series, odd: pl.Series) -> list[Part]:
    """The part of a level that is exact; none when nothing is."""
    frame, bad = level.frame, level.bad | level.short | _has_odd_keys(level.frame)
    if level.has_arrays:
        names = [name for name, _, is_array in nested_columns(frame) if is_array]
        own = lines if len(rows) == len(lines) else lines.gather(rows)
        bad |= has_odd_array(own, odd.gather(rows), frame.select(names)) if names else bad
    if not bad.any():
        return [Part(rows, frame)]
    return [] if bad.all() else [Part(rows.filter(~bad), frame.filter(~bad))]


def _has_odd_keys(frame: pl.DataFrame) -> pl.Series:
    """Lines with a key that has to be changed, or with too many."""
    names = [name for name in frame.columns if is_odd_key(name)]
    odd = count_present(frame.select(names)) > 0 if names else none_of(len(frame))
    return odd | (count_present(frame) > MAX_FIELDS) if frame.width > MAX_FIELDS else odd


def _read_level(texts: pl.Series, *, depth: int) -> _Level:
    """Read nested objects; lines that lack keys are read twice."""
    level = _read_once(texts, sampled_schema(texts), depth=depth)
    if not level.short.any():
        return level
    schema = found_schema(texts.filter(level.short))
    if (level.frame.width + len(schema)) * len(texts) > _MAX_CELLS:
        return _Level(level.frame, level.bad | level.short, none_of(len(texts)), level.has_arrays)
    again = _read_once(texts.filter(level.short), schema, depth=depth)
    return _Level(
        amended(level.frame, level.short, again.frame),
        level.bad | spread_mask(again.bad | again.short, level.short),
        none_of(len(texts)),
        level.has_arrays or again.has_arrays,
    )


def _read_once(texts: pl.Series, schema: Schema, *, depth: int) -> _Level:
    """Read all texts with one set of keys."""
    frame, objects = read_ndjson(texts, schema)
    if frame is None and any(schema.values()):
        # A key that holds objects holds something else in another line.
        frame, objects = read_ndjson(texts, dict.fromkeys(schema))
    if frame is None:
        return _read_around(texts, schema, depth=depth)
    keys, found, nested = _survey(texts, frame, objects)
    short, doubted = none_of(len(texts)), keys != found
    if doubted.any():
        rows = doubted.arg_true()
        missing = (keys - found).gather(rows)
        short = put(short, rows, ~_adds_up(texts.gather(rows), frame[rows], missing))
    if objects is not None:
        short |= objects["empty"] & texts.str.contains(_EMPTY_OBJECT)
    if not nested:
        return _Level(frame, none_of(len(texts)), short, has_arrays=False)
    return _expand_objects(texts, frame, short, nested, depth=depth)


def _read_around(texts: pl.Series, schema: Schema, *, depth: int) -> _Level:
    """Read texts of which one or more are not JSON objects."""
    n = len(texts)
    valid = texts.str.contains(_VALID)
    if valid.all() or not valid.any():
        return _Level(no_columns(n), ~none_of(n), none_of(n), has_arrays=False)
    level = _read_once(texts.filter(valid), schema, depth=depth)
    return _Level(
        spread(level.frame, valid),
        spread_mask(level.bad, valid) | ~valid,
        spread_mask(level.short, valid),
        level.has_arrays,
    )


def _survey(
    texts: pl.Series, frame: pl.DataFrame, objects: pl.DataFrame | None
) -> tuple[pl.Series, pl.Series, list[tuple[str, bool, bool]]]:
    """Per line its `":` and the values and objects found; and the columns with nested values."""
    own = frame.with_columns(texts.alias(SCRATCH))
    present = (pl.col(name).is_not_null() for name in frame.columns)
    counts = own.select(
        keys=pl.col(SCRATCH).str.count_matches('":', literal=True).cast(pl.Int64),
        found=pl.sum_horizontal(pl.lit(0, pl.Int64), *present).cast(pl.Int64),
    )
    found = counts["found"] if objects is None else counts["found"] + objects["count"]
    return counts["keys"], found, nested_columns(frame)


def _adds_up(texts: pl.Series, frame: pl.DataFrame, missing: pl.Series) -> pl.Series:
    """Whether the `":` that are no values found are nulls, or inside values."""
    inside = [pl.col(name).str.count_matches('":', literal=True) for name in frame.columns]
    missing = missing - row_sum(frame, inside)
    rows = (missing > 0).arg_true()
    if not len(rows):
        return missing == 0
    nulls = texts.gather(rows).str.count_matches(_NULL).cast(pl.Int64)
    nested = [
        pl.when(pl.col(name).str.contains(r"^[\[{]")).then(pl.col(name).str.count_matches(_NULL))
        for name in frame.columns
    ]
    own_nulls = nulls - row_sum(frame[rows], nested)
    return put(missing, rows, missing.gather(rows) - own_nulls) == 0


def _expand_objects(
    texts: pl.Series,
    frame: pl.DataFrame,
    short: pl.Series,
    nested: Sequence[tuple[str, bool, bool]],
    *,
    depth: int,
) -> _Level:
    """Replace columns of objects by columns of their keys."""
    text = texts.alias("text").to_frame()
    is_object, is_array = text.select(
        pl.col("text").str.contains(_OBJECT_VALUE),
        pl.col("text").str.contains(_ARRAY_VALUE).alias("array"),
    )
    opened = _rows_starting(frame, "{", [name for name, is_braced, _ in nested if is_braced])
    listed = _rows_starting(frame, "[", [name for name, _, is_listed in nested if is_listed])
    opened &= is_object
    is_nested = opened | (listed & is_array)
    bad = is_garbled(texts, is_nested, frame.select(name for name, _, _ in nested))
    if opened.any():
        bad |= opened & texts.str.contains(_BRACED_STRING)
        names = sorted(name for name, is_braced, _ in nested if is_braced)
        frame, bad, deeper = _expand_each(frame, opened & ~short, bad, names, depth=depth)
        return _Level(frame, bad, short, listed.any() or deeper)
    return _Level(frame, bad, short, listed.any())


def _rows_starting(frame: pl.DataFrame, prefix: str, names: Sequence[str]) -> pl.Series:
    if not names:
        return none_of(len(frame))
    starts = pl.any_horizontal(pl.col(name).str.starts_with(prefix) for name in names)
    return frame.select(starts.fill_null(value=False)).to_series()


def _expand_each(
    frame: pl.DataFrame, opened: pl.Series, bad: pl.Series, names: Sequence[str], *, depth: int
) -> tuple[pl.DataFrame, pl.Series, bool]:
    """Read the objects of one column after the other."""
    has_arrays = False
    for name in names:
        braced = frame[name].str.starts_with("{") & (frame[name] != "{}")
        rows = braced.fill_null(value=False) & opened & ~bad
        if depth >= MAX_LEVELS:
            bad |= rows
        elif rows.any():
            inner = _read_level(frame[name].filter(rows), depth=depth + 1)
            bad |= spread_mask(inner.bad, rows)
            has_arrays |= inner.has_arrays
            frame = _merge(frame, name, spread(inner.frame, rows), rows)
    return frame, bad, has_arrays


def _merge(frame: pl.DataFrame, name: str, inner: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Put `inner`'s columns in as `name.key`; what is there already wins."""
    inner = inner.rename({key: f"{name}.{key}" for key in inner.columns})
    shared = [key for key in inner.columns if key in frame.columns]
    return frame.with_columns(
        pl.when(~pl.lit(rows)).then(pl.col(name)).alias(name),
        *(pl.coalesce(pl.col(key), pl.lit(inner[key])).alias(key) for key in shared),
        *inner.drop(shared).get_columns(),
    )
