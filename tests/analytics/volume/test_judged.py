"""Unusual volumes in made-up weeks of which everything is known: the floor of docs/insights.md."""

import pytest

from analytics.volume.contracts import DAYS
from bench.incidents import KINDS, PAGE, PER_DAY, eventful_world, judge, usual_world

WORLDS = range(7_000, 7_025)


@pytest.fixture(scope="module")
def judgement():
    return judge(WORLDS, eventful_world)


@pytest.mark.parametrize("kind", KINDS)
def test_most_of_what_happened_is_found_and_most_of_what_is_told_happened(
    judgement, kind: str
) -> None:
    assert judgement.happened[kind] >= 5
    assert judgement.recall(kind) >= 0.85, judgement.missed
    assert judgement.precision(kind) >= 0.85, judgement.false


def test_quiet_days_are_quiet() -> None:
    quiet = judge(range(8_000, 8_020), usual_world)
    assert sum(quiet.told.values()) <= 4, quiet.false


def test_the_same_seed_makes_the_same_week() -> None:
    first, second = (usual_world(3).series() for _ in range(2))
    assert all((a.counts == b.counts).all() for a, b in zip(first, second, strict=True))
    assert len(first[0].counts) == (DAYS + 1) * PER_DAY


def test_the_page_has_a_row_for_each_kind() -> None:
    text = PAGE.read_text()
    assert all(f"\n| {kind} | " in text.partition("judged: begin")[2] for kind in KINDS)
