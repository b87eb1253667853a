"""Small things polars lacks, or does at the price of a query (0.1 ms each)."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

# A column name no key can have: NUL is not printable.
SCRATCH = "\0"


def constant(value: object, n: int, dtype: type[pl.DataType] | pl.DataType) -> pl.Series:
    """n times one value."""
    return pl.Series([value], dtype=dtype).new_from_index(0, n)


def all_rows(n: int) -> pl.Series:
    """0 to n-1, UInt32."""
    return pl.int_range(n, dtype=pl.UInt32, eager=True)


def none_of(n: int) -> pl.Series:
    """A mask of n lines, all False."""
    return constant(False, n, pl.Boolean)


def bytes_of(texts: pl.Series) -> Bytes:
    """The UTF-8 bytes of all texts, one after the other; nulls have none."""
    array = texts.rechunk().alias("").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, content = array.buffers()
    if content is None or not len(array):
        return np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, np.int64)[array.offset :][: len(array) + 1]
    return np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]


def fixed_width(texts: pl.Series) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]] | None:
    """The bytes of n texts of equal length, n × length; None where they are not, or one is null."""
    if not len(texts) or texts.null_count():
        return None
    lengths = texts.str.len_bytes()
    if not lengths[0] or lengths.min() != lengths.max():
        return None
    return bytes_of(texts).reshape(len(texts), -1)


def put(series: pl.Series, rows: pl.Series, values: pl.Series) -> pl.Series:
    """A copy of `series` with other values at `rows` (polars' own scatter changes the series)."""
    return series.clone().scatter(rows, values)


def no_columns(n: int) -> pl.DataFrame:
    """n rows without columns."""
    return constant(None, n, pl.Null).alias(SCRATCH).to_frame().drop(SCRATCH)


def row_sum(frame: pl.DataFrame, counts: Iterable[pl.Expr]) -> pl.Series:
    """The sum of expressions per row, Int64; nulls count 0, as does a frame without columns."""
    total = pl.sum_horizontal(pl.lit(0, pl.Int64), *counts).cast(pl.Int64)
    return frame.with_columns(total.alias(SCRATCH))[SCRATCH]


def count_present(frame: pl.DataFrame) -> pl.Series:
    """How many values each row has."""
    return row_sum(frame, [pl.col(name).is_not_null() for name in frame.columns])


def amended(frame: pl.DataFrame, mask: pl.Series, more: pl.DataFrame) -> pl.DataFrame:
    """The frame with the rows of `more` where `mask` is True; columns of either, nulls between."""
    n = len(frame)
    places = pl.int_range(n, n + len(more), dtype=pl.UInt32, eager=True)
    return pl.concat([frame, more], how="diagonal")[put(all_rows(n), mask.arg_true(), places)]


def spread(frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
    """Give the frame's rows the places where `mask` is True; rows of nulls elsewhere."""
    if not frame.width:
        return no_columns(len(mask))
    if not len(frame):
        return frame.clear(len(mask))
    place = pl.when(pl.lit(mask)).then(pl.lit(mask.cum_sum()) - 1).cast(pl.UInt32)
    return frame.select(pl.all().gather(place))


def spread_mask(inner: pl.Series, mask: pl.Series) -> pl.Series:
    """Give the inner mask's values the places where `mask` is True; False elsewhere."""
    return put(none_of(len(mask)), mask.arg_true(), inner)


def first_present(
    names: Sequence[str], columns: Sequence[pl.Series], extras: pl.DataFrame | None, n: int
) -> pl.Series | None:
    """Per row the value of the first of the names it has; None where no row has any.

    Args:
        names: keys, the preferred one first.
        columns: String series of n values, named by key, null where absent.
        extras: more pairs as `row`, `key`, `value`, or None.
        n: how many rows.
    """
    own = {column.name: column for column in columns if column.name in names}
    more: dict[str, pl.Series] = {}
    if extras is not None:
        pairs = extras.filter(pl.col("key").is_in(names)).partition_by("key", as_dict=True)
        nothing = constant(None, n, pl.String)
        more = {
            str(key): put(nothing, each["row"], each["value"]) for (key,), each in pairs.items()
        }
    either = (one.get(name) for name in names for one in (own, more))
    found = [series for series in either if series is not None]
    if len(found) < 2:
        return found[0] if found else None
    return pl.select(pl.coalesce(found)).to_series()
