"""Single series: what is told of them, and what is not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics.volume.contracts import DAYS, Anomaly, Key, Series
from analytics.volume.detect import find_anomalies
from analytics.volume.runs import runs_of

PER_DAY = 96
HISTORY = DAYS * PER_DAY
SERVICE = Key(app="shop", service="web")
TEMPLATE = Key(app="shop", service="web", level="ERROR", pattern_id=7)


def steady(level: float = 100, days: int = DAYS + 1) -> Any:
    """A level with some noise, the same at every call."""
    chance = np.random.default_rng(1)
    return chance.poisson(level, days * PER_DAY)


def found(counts: Any, key: Key = SERVICE, **more: Any) -> list[Anomaly]:
    app = Series(key=Key(app="shop"), counts=more.get("app", steady(10_000)))
    return find_anomalies([app, Series(key=key, counts=np.asarray(counts))], per_day=PER_DAY)


def told(anomalies: list[Anomaly]) -> list[tuple[str, int, int]]:
    return [(one.kind, one.first, one.last) for one in anomalies]


def test_steady_counts_are_not_told() -> None:
    assert found(steady()) == []


def test_a_spike_has_its_stretch_and_what_was_usual() -> None:
    counts = steady()
    counts[HISTORY + 5 : HISTORY + 8] = 400
    [one] = found(counts)
    assert told([one]) == [("spike", 5, 8)]
    assert one.actual == 1_200
    assert 250 <= one.expected <= 350


def test_a_silence_has_its_stretch_and_what_was_missing() -> None:
    counts = steady()
    counts[HISTORY + 5 : HISTORY + 9] = 0
    assert told(found(counts)) == [("silence", 5, 9)]


def test_a_template_that_does_not_come_back_has_vanished() -> None:
    counts = steady()
    counts[HISTORY + 5 :] = 0
    assert told(found(counts, TEMPLATE)) == [("vanished", 5, PER_DAY)]
    assert told(found(counts, SERVICE)) == [("silence", 5, PER_DAY)]


def test_what_never_came_before_is_new() -> None:
    counts = np.zeros(HISTORY + PER_DAY, dtype=np.int64)
    counts[HISTORY + 3], counts[HISTORY + 6] = 2, 3
    assert told(found(counts, TEMPLATE)) == [("new", 3, 7)]
    counts[HISTORY + 6] = 2
    assert found(counts, TEMPLATE) == []


def test_everything_of_a_new_app_is_not_news() -> None:
    counts = np.zeros(HISTORY + PER_DAY, dtype=np.int64)
    counts[HISTORY:] = 50
    assert found(counts, TEMPLATE, app=counts) == []


def test_a_series_younger_than_two_days_is_not_judged() -> None:
    counts = np.zeros(HISTORY + PER_DAY, dtype=np.int64)
    counts[HISTORY - PER_DAY - 3 : HISTORY] = 100
    assert found(counts) == []


def test_an_odd_day_in_the_past_hides_nothing_today() -> None:
    counts = steady()
    counts[3 * PER_DAY : 3 * PER_DAY + 8] = 0
    counts[4 * PER_DAY + 9 : 4 * PER_DAY + 12] = 900
    counts[HISTORY + 2 : HISTORY + 5] = 0
    counts[HISTORY + 10] = 500
    assert sorted(told(found(counts))) == [("silence", 2, 5), ("spike", 10, 11)]


def test_a_closed_day_of_last_week_is_closed_this_week_too() -> None:
    counts = steady()
    counts[:PER_DAY] = 0
    counts[0] = 1
    counts[HISTORY:] = 0
    assert found(counts) == []


def test_night_and_day_are_judged_by_themselves() -> None:
    shape = np.tile(np.where(np.arange(PER_DAY) < 32, 10, 200), DAYS + 1)
    counts = np.random.default_rng(2).poisson(shape)
    assert found(counts) == []
    counts[HISTORY + 12] = 120
    assert told(found(counts)) == [("spike", 12, 13)]


def test_of_one_event_what_tells_most_is_told() -> None:
    usual, surge = steady(), steady()
    surge[HISTORY + 5 : HISTORY + 8] += 1_000
    silent = steady()
    silent[HISTORY + 5 :] = 0
    app = Series(key=Key(app="shop"), counts=surge + usual)
    leaf = Key(app="shop", service="web", level="ERROR")
    told_of_surge = find_anomalies(
        [app, *(Series(key=key, counts=surge) for key in (SERVICE, leaf, TEMPLATE))],
        per_day=PER_DAY,
    )
    assert [one.key for one in told_of_surge] == [TEMPLATE]
    told_of_silence = find_anomalies(
        [Series(key=key, counts=silent) for key in (SERVICE, leaf, TEMPLATE)], per_day=PER_DAY
    )
    assert [one.key for one in told_of_silence] == [SERVICE]


def test_what_is_new_is_told_of_the_service_or_of_the_template_that_has_words() -> None:
    none = np.zeros(HISTORY + PER_DAY, dtype=np.int64)
    new = none.copy()
    new[HISTORY + 4 : HISTORY + 9] = 20
    app, leaf = Key(app="shop"), Key(app="shop", service="web", level="ERROR")
    usual = {app: steady(10_000), SERVICE: steady(500)}
    for service, expected in ((steady(500), TEMPLATE), (new, SERVICE)):
        counts = {**usual, SERVICE: service, leaf: new, TEMPLATE: new}
        series = [Series(key=key, counts=np.asarray(found)) for key, found in counts.items()]
        assert [one.key for one in find_anomalies(series, per_day=PER_DAY)] == [expected]


@settings(max_examples=60)
@given(
    arrays.arrays(np.int64, (DAYS + 1) * PER_DAY, elements=st.sampled_from([0, 0, 1, 3, 50, 10**9]))
)
def test_any_counts_are_judged_without_a_word_of_nonsense(counts: Any) -> None:
    for one in found(counts, app=counts):
        assert 0 <= one.first < one.last <= PER_DAY
        assert 0 < one.score <= 100
        assert one.actual >= 0 <= one.expected < float("inf")


@pytest.mark.parametrize(
    ("flags", "gap", "runs"),
    [
        ("", 0, []),
        ("...", 0, []),
        ("x", 0, [(0, 1)]),
        ("xx.x", 0, [(0, 2), (3, 4)]),
        ("xx.x", 1, [(0, 4)]),
        (".x...x", 2, [(1, 2), (5, 6)]),
    ],
)
def test_runs_are_stretches_of_flags(flags: str, gap: int, runs: list[tuple[int, int]]) -> None:
    assert runs_of(np.array([flag == "x" for flag in flags], dtype=bool), gap=gap) == runs
