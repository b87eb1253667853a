"""What changed: real changes first, noise and general growth not at all."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.changes import rank_fields, rank_templates, score_of, usual_growth
from storage.facade import Changes, SpanCounts, TemplateCounts, ValueCounts

COUNTS = st.integers(0, 10**12)


def values(*rows: tuple[str, str, int, int], every: int = 1, total: int = 10**9) -> Changes:
    found = [ValueCounts(field=f, value=v, now=now, before=was) for f, v, now, was in rows]
    return Changes(total=SpanCounts(now=total, before=total), every=every, values=tuple(found))


def templates(*rows: tuple[int, int, int], every: Changes | None = None) -> Changes:
    found = [TemplateCounts(pattern_id=i, level="INFO", now=now, before=b) for i, now, b in rows]
    return replace(every or values(), templates=tuple(found))


def test_what_changed_comes_first_and_the_rest_is_left_out() -> None:
    changes = values(
        ("service", "api", 10_100, 10_000),
        ("service", "payment", 4_000, 4_050),
        ("status", "200", 13_000, 13_100),
        ("status", "502", 900, 12),
        ("status", "404", 60, 45),
        ("version", "2", 300, 0),
        ("host", "web-3", 0, 500),
        ("flag", "x", 4, 0),
    )
    found = rank_fields(changes, ratio=1, limit=10)
    assert [(one.field, one.value, one.score > 0, one.change) for one in found] == [
        ("host", "web-3", False, -1.0),
        ("status", "502", True, 74.0),
        ("version", "2", True, None),
    ]


def test_a_small_sample_does_not_win() -> None:
    """Three lines out of nothing are 'infinitely' more, and say little."""
    for few in range(12):
        assert rank_fields(values(("a", "x", few, 0)), ratio=1, limit=5) == []
    assert score_of(SpanCounts(now=3, before=0), 1) < score_of(SpanCounts(now=400, before=200), 1)


def test_a_large_count_does_not_win_by_its_size() -> None:
    assert score_of(SpanCounts(now=1_010_000, before=1_000_000), 1) < 1
    assert score_of(SpanCounts(now=300, before=0), 1) > score_of(
        SpanCounts(now=1_300_000, before=1_000_000), 1
    )


def test_when_everything_grows_what_grew_alone_is_told() -> None:
    usual = [("path", f"/{n}", 3 * (500 + n), 500 + n) for n in range(20)]
    found = values(*usual, ("level", "ERROR", 4_000, 100))
    both = templates((1, 3_000, 1_000), (2, 301, 100), (3, 4_000, 100), every=found)
    assert [one.value for one in rank_fields(both, ratio=1, limit=5)] == ["ERROR"]
    assert [one.pattern_id for one in rank_templates(both, ratio=1, limit=5)] == [3]


def test_a_template_that_doubles_the_total_is_all_that_is_told() -> None:
    """What all lines share doubles too; that must not make the rest look halved."""
    shared = [(name, "x", 20_000, 10_000) for name in ("app", "service", "host", "env")]
    found = values(*shared, ("path", "/a", 5_000, 5_010), ("code", "E1", 10_000, 0))
    both = templates((1, 5_000, 5_010), (2, 4_990, 4_980), (3, 10_000, 0), every=found)
    told = rank_fields(both, ratio=1, limit=9)
    assert told[0].field == "code"
    assert "path" not in {one.field for one in told}
    assert [one.pattern_id for one in rank_templates(both, ratio=1, limit=9)] == [3]


def test_a_longer_span_is_no_growth() -> None:
    rows = [("path", f"/{n}", 6 * (500 + n), 500 + n) for n in range(20)]
    assert rank_fields(values(*rows), ratio=6, limit=5) == []
    [found] = rank_fields(values(*rows, ("path", "/x", 500, 500)), ratio=6, limit=5)
    assert (found.value, found.change) == ("/x", round(1 / 6 - 1, 4))


def test_what_all_lines_have_is_not_told() -> None:
    changes = values(("source", "http", 400, 100), ("level", "ERROR", 300, 5), total=400)
    changes = replace(changes, total=SpanCounts(now=400, before=100))
    assert [one.field for one in rank_fields(changes, ratio=1, limit=9)] == ["level"]


def test_counts_of_a_sample_are_scaled_and_their_evidence_is_not() -> None:
    [found] = rank_fields(values(("a", "x", 40, 0), every=100), ratio=1, limit=5)
    [alone] = rank_fields(values(("a", "x", 40, 0)), ratio=1, limit=5)
    assert (found.now, found.score) == (4_000, alone.score)


def test_templates_say_how_they_changed() -> None:
    found = rank_templates(
        templates((1, 40, 0), (2, 0, 40), (3, 900, 90), (4, 90, 900), (5, 500, 505), (6, 2, 0)),
        ratio=1,
        limit=10,
    )
    assert {one.pattern_id: one.kind for one in found} == {
        1: "new",
        2: "vanished",
        3: "grew",
        4: "shrank",
    }
    assert len(rank_templates(templates((1, 40, 0), (2, 0, 40)), ratio=1, limit=1)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_steady_traffic_is_hardly_ever_news(seed: int) -> None:
    """A thousand values of any size, each Poisson around the same mean in both spans."""
    chance = random.Random(seed)
    means = [10 ** chance.uniform(0, 5) for _ in range(1_000)]
    rows = [
        ("field", str(n), _around(mean, chance), _around(mean, chance))
        for n, mean in enumerate(means)
    ]
    assert len(rank_fields(values(*rows), ratio=1, limit=100)) <= 2
    kinds = [(n, now, before) for n, (_, _, now, before) in enumerate(rows[:500])]
    assert len(rank_templates(templates(*kinds), ratio=1, limit=100)) <= 1


def _around(mean: float, chance: random.Random) -> int:
    return max(0, round(chance.gauss(mean, mean**0.5)))


@given(COUNTS, COUNTS, st.floats(1e-6, 1e6))
def test_any_counts_have_a_finite_score(now: int, before: int, scale: float) -> None:
    score = score_of(SpanCounts(now=now, before=before), scale)
    assert abs(score) < 1e5


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_more_is_never_less_of_a_growth(before: int, scale: float) -> None:
    steps = [int(before * scale * times) + 1 for times in (1.1, 1.5, 2, 4, 8)]
    scores = [score_of(SpanCounts(now=now, before=before), scale) for now in steps]
    assert all(a <= b + 1e-6 for a, b in pairwise(scores) if a > 0)


def test_without_anything_in_common_the_lengths_decide() -> None:
    assert usual_growth([], 2.5) == 2.5
    assert usual_growth([SpanCounts(now=5, before=0)], 2.5) == 2.5
