"""What changed between two spans, ranked so that neither a small sample nor mere growth can win.

Pure: counts in, ranked changes out.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from storage.facade import Changes, SpanCounts, TemplateCounts

Kind = Literal["new", "vanished", "grew", "shrank"]

# Counts vary by about 10 % between spans though nothing happened.
SPREAD = 0.01
# Twelve lines of nothing before. Of thousands of values of steady traffic, hardly one gets there.
MIN_SCORE = 14.0
# A new kind of message is news sooner: five lines, where it is one of a few kinds. Of many, some
# differ by chance.
MIN_TEMPLATE_SCORE, FEW_TEMPLATES = 6.0, 10


# From this share of the lines on, a value is that of all lines.
OF_ALL = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A value that became more or less frequent.

    `change` is relative to what was to be expected: 1.0 is twice as many; None where there was
    nothing before. `score` is positive for growth.
    """

    field: str
    value: str
    now: int
    before: int
    change: float | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChange:
    """A message template that came, went, or became more or less frequent."""

    pattern_id: int
    level: str
    now: int
    before: int
    kind: Kind
    score: float


def rank_fields(changes: Changes, *, ratio: float, limit: int) -> list[FieldChange]:
    """The values that changed most, in either direction, most first.

    Args:
        changes: counts of two spans.
        ratio: how many times longer the span is than the one it is compared with.
        limit: how many at most.
    """
    scale = usual_growth(changes.templates, ratio)
    scored = [(score_of(one, scale), one) for one in changes.values if not _is_of_all(one, changes)]
    found = [pair for pair in scored if abs(pair[0]) >= MIN_SCORE]
    found.sort(key=lambda pair: (-abs(pair[0]), pair[1].field, pair[1].value))
    return [
        FieldChange(
            field=one.field,
            value=one.value,
            now=one.now * changes.every,
            before=one.before * changes.every,
            change=round(one.now / (one.before * ratio) - 1, 4) if one.before else None,
            score=round(score, 2),
        )
        for score, one in found[:limit]
    ]


def rank_templates(changes: Changes, *, ratio: float, limit: int) -> list[TemplateChange]:
    """The templates that changed most, in either direction, most first; args as `rank_fields`."""
    scale = usual_growth(changes.templates, ratio)
    scored = [(score_of(one, scale), one) for one in changes.templates]
    least = MIN_TEMPLATE_SCORE + 2 * math.log(max(1.0, len(scored) / FEW_TEMPLATES))
    found = [pair for pair in scored if abs(pair[0]) >= least]
    found.sort(key=lambda pair: (-abs(pair[0]), pair[1].pattern_id))
    return [
        TemplateChange(
            pattern_id=one.pattern_id,
            level=one.level,
            now=one.now,
            before=one.before,
            kind=_kind(one, score),
            score=round(score, 2),
        )
        for score, one in found[:limit]
    ]


def score_of(counts: SpanCounts, scale: float) -> float:
    """How far two counts are from being what `scale` predicts, signed: positive is growth.

    The likelihood ratio of two Poisson counts, divided by their overdispersion: few lines are
    little evidence, and for many it is the size of the change that counts, not their number.

    Args:
        counts: of the two spans.
        scale: `now` to be expected for each line before.
    Source: G-test; quasi-likelihood with variance `n + SPREAD·n²`.
    """
    both = counts.now + counts.before
    if not both:
        return 0.0
    share = scale / (1 + scale)
    g = 2 * (_term(counts.now, both * share) + _term(counts.before, both * (1 - share)))
    score = max(g, 0.0) / (1 + SPREAD * both)
    return score if counts.now > counts.before * scale else -score


def usual_growth(counts: Iterable[SpanCounts], ratio: float) -> float:
    """By how much everything grew: what a change has to differ from.

    The weighted median of the growth of all that occurs in both spans, so that a morning's rise is
    no news, and what rose alone or fell alone is.

    Args:
        counts: of templates. Not of values: those that all lines share would outvote the others,
            and tell of the total, which one template alone may have doubled.
        ratio: what is taken where nothing occurs in both.
    """
    both = sorted(
        (one.now / one.before, math.sqrt(one.now + one.before))
        for one in counts
        if one.now and one.before
    )
    half = sum(weight for _, weight in both) / 2
    for growth, weight in both:
        half -= weight
        if half <= 0:
            return growth
    return ratio


def _is_of_all(one: SpanCounts, changes: Changes) -> bool:
    """Whether all lines of both spans have it: then it tells of the total and nothing else."""
    least = OF_ALL / changes.every
    return one.now >= least * changes.total.now and one.before >= least * changes.total.before


def _term(seen: float, expected: float) -> float:
    return seen * math.log(seen / expected) if seen else 0.0


def _kind(one: TemplateCounts, score: float) -> Kind:
    if not one.before:
        return "new"
    if not one.now:
        return "vanished"
    return "grew" if score > 0 else "shrank"
