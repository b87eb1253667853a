"""What a series usually has at a time of day, how much that varies, and how odd it gets anyway.

Source: seasonal median with the median absolute deviation, robust to a seventh of odd days.
"""

from dataclasses import dataclass

import numpy as np

from analytics.volume.contracts import DAYS, Counts, Numbers
from analytics.volume.runs import runs_of

# Times of day this many buckets apart count as the same.
NEIGHBOURS = 3
MIN_DAYS = 2
# What a day has to differ by at least, though its history never varied.
SPREAD = 0.1
SILENT_SHARE = 0.15
_MAD_TO_SIGMA = 1.4826
_ENVELOPE = 0.85
SPIKE_TIMES, ENVELOPE_TIMES, MIN_EXCESS = 2.0, 1.5, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Season:
    """What is usual, for each time of day.

    Attributes:
        median: lines in a bucket.
        mean: the same for rare lines, whose median is 0; without the largest seventh.
        spread: one standard deviation.
        envelope: what hardly any day exceeds.
        week: a row a day, oldest first: the local median and mean of just that day.
        odd_spike, odd_silence: what this series reaches on several days of a week.
        is_steady: it has lines in most buckets.
    """

    median: Numbers
    mean: Numbers
    spread: Numbers
    envelope: Numbers
    week: tuple[Numbers, Numbers]
    odd_spike: float
    odd_silence: float
    is_steady: bool


def season_of(history: Counts, per_day: int) -> Season | None:
    """Learn what is usual of `DAYS` days of counts.

    Args:
        history: `DAYS * per_day` counts; a series begins with its first line.
        per_day: buckets a day.
    Returns:
        None for a series younger than `MIN_DAYS`.
    """
    days = history.reshape(DAYS, per_day).astype(np.float64)
    begin = int(np.argmax(history > 0))
    if not history.any() or len(history) - begin < MIN_DAYS * per_day:
        return None
    days.reshape(-1)[:begin] = np.nan
    near = _near(days)
    by_day = np.sort(days, axis=0)
    median = _quantile(by_day, 0.5)
    pooled = np.sort(near.transpose(0, 2, 1).reshape(-1, per_day), axis=0)
    envelope = _quantile(pooled, _ENVELOPE)
    mean = _mean_below(pooled, envelope)
    deviation = _quantile(np.sort(np.abs(pooled - _quantile(pooled, 0.5)), axis=0), 0.5)
    spread = np.sqrt(median + (_MAD_TO_SIGMA * deviation) ** 2 + (SPREAD * median) ** 2 + 0.25)
    whole = days[-((len(history) - begin) // per_day) :]
    return Season(
        median=median,
        mean=mean,
        spread=spread,
        envelope=envelope,
        week=_week(near),
        odd_spike=_odd([_highest(day, median, spread, envelope) for day in whole]),
        odd_silence=_odd([_deepest(day, mean) for day in whole]),
        is_steady=bool((median > 0).mean() > 0.5),
    )


def spikes(counts: Numbers, usual: Numbers, spread: Numbers, envelope: Numbers) -> Numbers:
    """By how many standard deviations each bucket is too high; 0 where it is not worth a word."""
    is_high = counts >= np.maximum(SPIKE_TIMES * usual, ENVELOPE_TIMES * envelope)
    is_high &= counts - usual >= MIN_EXCESS
    return np.where(is_high, (counts - usual) / spread, 0.0)


def _near(days: Numbers) -> Numbers:
    """(day, time of day, neighbour): the counts around each bucket."""
    flat = days.reshape(-1)
    at = np.arange(len(flat))[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    near: Numbers = flat[np.clip(at, 0, len(flat) - 1)]
    return near.reshape(*days.shape, -1)


def _quantile(ranked: Numbers, share: float) -> Numbers:
    """The value of each column that `share` of it does not exceed; nan is sorted behind."""
    known = np.maximum(ranked.shape[0] - np.isnan(ranked).sum(axis=0), 1)
    place = np.ceil(share * known).astype(np.int64) - 1
    found: Numbers = np.nan_to_num(np.take_along_axis(ranked, place[None, :], axis=0)[0])
    return found


def _mean_below(pooled: Numbers, envelope: Numbers) -> Numbers:
    """The mean of each column without what exceeds its envelope."""
    is_kept = pooled <= envelope
    total: Numbers = np.where(is_kept, pooled, 0.0).sum(axis=0) / np.maximum(is_kept.sum(axis=0), 1)
    return total


def _week(near: Numbers) -> tuple[Numbers, Numbers]:
    """Median and mean around each bucket of each day; what is not known says nothing.

    The mean is that of the emptier side, so that an hour that is always empty has sharp ends.
    """
    is_known = ~np.isnan(near).any(axis=2)
    filled = np.nan_to_num(near)
    median = np.where(is_known, np.median(filled, axis=2), np.nan)
    sides = filled[..., : NEIGHBOURS + 1].mean(axis=2), filled[..., NEIGHBOURS:].mean(axis=2)
    mean = np.where(is_known, np.minimum(*sides), np.nan)
    return median, mean


def _odd(scores: list[float]) -> float:
    """What is reached so often that it is usual: the third of seven days, else the second."""
    ranked = sorted(scores, reverse=True)
    return ranked[min(len(ranked) // 3, 2)] if ranked else 0.0


def _highest(day: Numbers, median: Numbers, spread: Numbers, envelope: Numbers) -> float:
    return float(spikes(np.nan_to_num(day), median, spread, np.zeros_like(envelope)).max())


def _deepest(day: Numbers, mean: Numbers) -> float:
    """Lines that were missing in the longest silence of a day."""
    is_silent = np.nan_to_num(day) <= SILENT_SHARE * mean
    return max((float(mean[a:b].sum()) for a, b in runs_of(is_silent)), default=0.0)
