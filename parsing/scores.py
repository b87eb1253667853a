"""Anomaly scores, a column at a time; the rules are in `logplatform.kernel.anomaly`."""

import math
from collections.abc import Sequence

import polars as pl

from logplatform.kernel import anomaly
from logplatform.kernel.request_fields import DURATION_MS, DURATION_S, STATUS
from parsing.frames import constant, first_present

# Points by value: looking them up costs a fiftieth of comparing.
_OF_SEVERITY = pl.Series([anomaly.severity_points(n) for n in range(256)], dtype=pl.UInt8)
_OF_STATUS = pl.Series([anomaly.status_points(n) for n in range(1000)], dtype=pl.UInt8)


def scores(
    severity: pl.Series | None,
    tells_trouble: pl.Series,
    attributes: Sequence[pl.Series],
    extras: pl.DataFrame | None,
) -> tuple[pl.Series, pl.Series | None]:
    """How unusual records are, and how long they took.

    Args:
        severity: n numbers UInt8; null, as None, means absent.
        tells_trouble: n Booleans: the message has a word of trouble.
        attributes: String series of n values, named by key.
        extras: more attributes in the form of `EXTRAS_SCHEMA`, or None.
    Returns:
        n scores (UInt8, 0-100), as `logplatform.kernel.anomaly.score_of` says of each record; and
        n durations in ms (Float32) or nulls, None where there is none at all.
    """
    n = len(tells_trouble)

    def present(names: Sequence[str]) -> pl.Series | None:
        return first_present(names, attributes, extras, n)

    points = tells_trouble.cast(pl.UInt8) * anomaly.WORD_POINTS
    if severity is not None:
        points += _filled(_OF_SEVERITY.gather(severity))
    if (status := present(STATUS)) is not None:
        points += _filled(_OF_STATUS.gather(_status(status)))
    took: pl.Series | None = None
    for names, unit_ms in ((DURATION_MS, 1), (DURATION_S, 1000)):
        if (duration := present(names)) is not None:
            in_ms = duration.cast(pl.Float64, strict=False) * unit_ms
            points += _of_durations(in_ms)
            took = in_ms if took is None else took.zip_with(took.is_not_null(), in_ms)
    errors = [present((name,)) for name in anomaly.ERRORS]
    if named := [one != "" for one in errors if one is not None]:
        has_error = pl.select(pl.any_horizontal(named).fill_null(value=False)).to_series()
        points += has_error.cast(pl.UInt8) * anomaly.ERROR_POINTS
    points = points.set(points > anomaly.MAX_SCORE, anomaly.MAX_SCORE).alias("anomaly_score")
    return points, None if took is None else took.cast(pl.Float32)


def _filled(points: pl.Series) -> pl.Series:
    return points.fill_null(0) if points.null_count() else points


def _status(status: pl.Series) -> pl.Series:
    """HTTP statuses; 0 for what is no number of three digits."""
    numbers = status.cast(pl.UInt16, strict=False)
    return numbers.set((status.str.len_bytes() != 3) | (numbers > 999), 0)


def _of_durations(in_ms: pl.Series) -> pl.Series:
    """Points (UInt8) of the highest step each reaches; nothing for what is no number."""
    steps = sorted(anomaly.DURATION_MS_POINTS.items())
    points, before = constant(0, len(in_ms), pl.UInt8), 0
    for step, given in steps:
        reached = (in_ms >= step) & (in_ms < math.inf)
        if not reached.any():
            break
        points += reached.cast(pl.UInt8) * (given - before)
        before = given
    return _filled(points)
