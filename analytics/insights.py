"""What is different in a span of time: its values and templates beside those of another span."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from analytics.changes import FieldChange, TemplateChange, rank_fields, rank_templates
from logplatform.parameters import InvalidParameter
from storage import facade as storage
from storage.facade import LogQuery

MAX_CHANGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time and how many lines it has."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTemplate(TemplateChange):
    """A change of a template, with the template in words."""

    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """What changed, most first.

    Attributes:
        span, baseline: what was compared.
        sampled: the share of lines in which values were counted, 1.0 for all of them.
        is_truncated: there are more values or templates than are told.
        left_out: `templates` or `fields`, where there was no time to count them.
    """

    span: Span
    baseline: Span
    sampled: float
    fields: list[FieldChange]
    templates: list[NamedTemplate]
    is_truncated: bool
    left_out: list[str]
    took_ms: int


def compare_spans(
    query: LogQuery, start: datetime | None, end: datetime | None, *, limit: int
) -> Insights:
    """Compare the range of a query with another span.

    Args:
        query: its range must be closed.
        start, end: the other span; without either, the time before the range that is as long.
        limit: values, and templates, at most; 1-200.
    Raises:
        InvalidParameter: half a span, an empty one, or a limit out of range.
        As `search_logs`.
    """
    if query.start is None or query.end is None:
        raise AssertionError("BUG: insights need a closed range")
    if not 1 <= limit <= MAX_CHANGES:
        raise InvalidParameter(name="limit", value=limit, expected=f"1 to {MAX_CHANGES}")
    started = time.monotonic()
    first, last = _baseline(query.start, query.end, start, end)
    changes = storage.count_changes(query, first, last)
    ratio = (query.end - query.start) / (last - first)
    fields = rank_fields(changes, ratio=ratio, limit=limit + 1)
    templates = rank_templates(changes, ratio=ratio, limit=limit + 1)
    words = storage.find_templates(
        replace(query, start=min(query.start, first), end=max(query.end, last)),
        [one.pattern_id for one in templates],
    )
    return Insights(
        span=Span(start=query.start, end=query.end, count=changes.total.now),
        baseline=Span(start=first, end=last, count=changes.total.before),
        sampled=round(1 / changes.every, 6),
        fields=fields[:limit],
        templates=[_named(one, words) for one in templates[:limit] if one.pattern_id in words],
        is_truncated=max(len(fields), len(templates)) > limit,
        left_out=[*changes.left_out],
        took_ms=round((time.monotonic() - started) * 1000),
    )


def _baseline(
    start: datetime, end: datetime, first: datetime | None, last: datetime | None
) -> tuple[datetime, datetime]:
    if start >= end:
        raise InvalidParameter(name="end", value=end.isoformat(), expected="a time after start")
    if first is None and last is None:
        return start - (end - start), start
    if first is None or last is None:
        name = "baseline_start" if first is None else "baseline_end"
        raise InvalidParameter(name=name, value="", expected="both ends of the baseline, or none")
    if first >= last:
        expected = "a time after baseline_start"
        raise InvalidParameter(name="baseline_end", value=last.isoformat(), expected=expected)
    return first, last


def _named(change: TemplateChange, words: dict[int, str]) -> NamedTemplate:
    values: dict[str, Any] = {name: getattr(change, name) for name in TemplateChange.__slots__}
    return NamedTemplate(**values, template=words[change.pattern_id])
