"""Asks Python about the distinct values of a column only."""

from collections.abc import Callable, Sequence

import polars as pl

Answers = Sequence[Sequence[str | None]]


def over_distinct(
    column: pl.Series, names: Sequence[str], ask: Callable[[list[str]], Answers]
) -> list[pl.Series]:
    """Columns out of the distinct values of one.

    Args:
        column: n texts or nulls (String).
        names: of the columns to make.
        ask: d distinct values → for each name d answers or Nones.
    Returns:
        String columns of n values; those without any value are left out.
    """
    distinct = column.drop_nulls().unique()
    if not len(distinct):
        return []
    answers = [
        pl.Series(name, list(values), dtype=pl.String)
        for name, values in zip(names, ask(distinct.to_list()), strict=True)
    ]
    answers = [answer for answer in answers if answer.null_count() < len(answer)]
    if not answers:
        return []
    places = pl.int_range(len(distinct), dtype=pl.UInt32, eager=True)
    codes = column.replace_strict(distinct, places, default=None, return_dtype=pl.UInt32)
    return [answer.gather(codes) for answer in answers]
