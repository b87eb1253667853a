"""Find what is unusual in one series, then of all finds those that say something new."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from analytics.volume.contracts import DAYS, Anomaly, Counts, Key, Kind, Numbers, Series
from analytics.volume.families import most_telling
from analytics.volume.runs import runs_of
from analytics.volume.season import SILENT_SHARE, Season, season_of, spikes

MIN_SPIKE, SPIKE_MARGIN, SPIKE_GAP = 6.0, 1.5, 2
MIN_MISSING, SILENCE_MARGIN, MIN_SILENT_BUCKETS = 20.0, 1.5, 2
MIN_NEW = 5
# A job that ran up to so many buckets earlier or later, with so many of its lines, is not missing.
NEAR, SHIFTED = 6, 0.5
MAX_SCORE = 100.0
_SPREAD = 0.1


def find_anomalies(series: Sequence[Series], *, per_day: int) -> list[Anomaly]:
    """What is unusual, most unusual first.

    Args:
        series: of apps, services, levels and templates, over the same buckets.
        per_day: buckets a day.
    """
    history = DAYS * per_day
    old_apps = {
        one.key.app
        for one in series
        if one.key == Key(app=one.key.app) and one.counts[: history - per_day].any()
    }
    found = [
        anomaly
        for one in series
        for anomaly in _of_series(one, per_day, is_app_known=one.key.app in old_apps)
    ]
    return sorted(most_telling(found), key=lambda one: (-one.score, one.first, str(one.key)))


def _of_series(series: Series, per_day: int, *, is_app_known: bool) -> Iterable[Anomaly]:
    history, judged = np.split(series.counts, [DAYS * per_day])
    if not history.any():
        return _new(series.key, judged) if is_app_known else []
    season = season_of(history, per_day)
    if season is None:
        return []
    return [*_spikes(series.key, judged, season), *_silences(series.key, judged, season)]


def _new(key: Key, judged: Counts) -> list[Anomaly]:
    """What never occurred in the week before."""
    actual = int(judged.sum())
    if actual < MIN_NEW:
        return []
    present = np.flatnonzero(judged)
    return [_anomaly(key, "new", int(present[0]), int(present[-1]) + 1, actual, 0.0, actual**0.5)]


def _spikes(key: Key, judged: Counts, season: Season) -> list[Anomaly]:
    """Buckets far above their time of day, and above that of the same day a week ago."""
    usual = np.fmax(_at(season.median, judged), _weekday(season.week[0], judged))
    scores = spikes(
        judged.astype(np.float64),
        usual,
        np.hypot(_at(season.spread, judged), _SPREAD * usual),
        _at(season.envelope, judged),
    )
    needed = max(MIN_SPIKE, SPIKE_MARGIN * season.odd_spike)
    return [
        _anomaly(
            key,
            "spike",
            first,
            last,
            int(judged[first:last].sum()),
            float(usual[first:last].sum()),
            float(scores[first:last].max()),
        )
        for first, last in runs_of(scores >= needed, gap=SPIKE_GAP)
    ]


def _silences(key: Key, judged: Counts, season: Season) -> list[Anomaly]:
    """Stretches with next to nothing, in which a number of lines should have come."""
    usual = np.fmin(_at(season.mean, judged), _weekday(season.week[1], judged))
    needed = max(MIN_MISSING, SILENCE_MARGIN * season.odd_silence)
    found = []
    for first, last in runs_of(judged <= SILENT_SHARE * usual):
        run = _trimmed(usual, first, last)
        expected, actual = float(usual[run].sum()), int(judged[run].sum())
        missing = expected - actual
        if run.stop - run.start < MIN_SILENT_BUCKETS or missing < needed:
            continue
        if not season.is_steady and _surplus_near(judged, usual, run) >= SHIFTED * missing:
            continue
        score = missing / math.hypot(expected**0.5, _SPREAD * expected)
        kind: Kind = "vanished" if key.pattern_id and last == len(judged) else "silence"
        found.append(_anomaly(key, kind, run.start, run.stop, actual, expected, score))
    return found


def _trimmed(usual: Numbers, first: int, last: int) -> slice:
    """A run without what is usually empty at its ends."""
    present = np.flatnonzero(usual[first:last])
    if not len(present):
        return slice(first, first)
    return slice(first + int(present[0]), first + int(present[-1]) + 1)


def _surplus_near(judged: Counts, usual: Numbers, run: slice) -> float:
    """Lines too many around a silence: a job that ran earlier or later."""
    around = slice(max(0, run.start - NEAR), run.stop + NEAR)
    return float(np.maximum(judged[around] - usual[around], 0).sum())


def _at(by_time_of_day: Numbers, judged: Counts) -> Numbers:
    """What is usual, for each judged bucket."""
    return np.resize(by_time_of_day, len(judged))


def _weekday(by_day: Numbers, judged: Counts) -> Numbers:
    """What the same time of the same day had a week ago; nan where that is not known."""
    return np.resize(by_day.reshape(-1), len(judged))


def _anomaly(
    key: Key, kind: Kind, first: int, last: int, actual: int, expected: float, score: float
) -> Anomaly:
    return Anomaly(
        key=key,
        kind=kind,
        first=first,
        last=last,
        actual=actual,
        expected=round(expected, 2),
        score=round(min(score, MAX_SCORE), 2),
    )
