"""Templates of stored records: counts, course, examples, and whose they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from logplatform.kernel.templates import pattern_id_of, subject_of
from storage.contracts import InvalidLimit, LogQuery
from storage.patterns import TREND_BUCKETS, list_patterns
from tests.storage.records import AT

HOUR = timedelta(hours=1)
Store = Callable[..., list[str]]


def line(message: str, at: timedelta = timedelta(), **fields: Any) -> dict[str, Any]:
    subject = subject_of(message, fields.get("attributes", {}))
    record = {"message": message, "timestamp": AT + at, "pattern_id": pattern_id_of(subject)}
    return record | fields


def query(**fields: Any) -> LogQuery:
    return LogQuery(**{"apps": ("shop",), "start": AT, "end": AT + HOUR, **fields})


def test_templates_come_with_all_there_is_to_know(store: Store) -> None:
    store(
        *(line(f"job {n} failed", timedelta(minutes=n), severity=17) for n in range(5)),
        line("job 9 done", HOUR - timedelta(seconds=1)),
        line("job 1 failed", -timedelta(minutes=1)),
        line("job 1 failed", -HOUR - timedelta(seconds=1)),
        line("job 1 failed", timedelta(minutes=1), app="other"),
        line("without an id", pattern_id=0),
    )
    page = list_patterns(query())
    assert (page.total, page.distinct) == (6, 2)
    failed, done = page.patterns
    assert (failed.template, failed.count, failed.previous) == ("job <*> failed", 5, 1)
    assert failed.trend == [3, 2] + [0] * (TREND_BUCKETS - 2)
    assert done.trend == [0] * (TREND_BUCKETS - 1) + [1]
    assert (failed.level, done.level) == ("ERROR", "INFO")
    assert (failed.first_seen, failed.last_seen) == ("2026-11-22T10:00:00Z", "2026-11-22T10:04:00Z")
    assert failed.example["message"] == "job 4 failed"
    assert done.previous == 0


@pytest.mark.parametrize(
    ("sort", "templates"),
    [("count", ["b", "c", "a"]), ("rare", ["a", "c", "b"]), ("new", ["c", "b", "a"])],
)
def test_templates_are_sorted_and_cut(store: Store, sort: Any, templates: list[str]) -> None:
    minutes = {"a": [1], "b": [2, 9, 9], "c": [3, 4]}
    store(*(line(text, timedelta(minutes=n)) for text, times in minutes.items() for n in times))
    page = list_patterns(query(), sort=sort, limit=2)
    assert [pattern.template for pattern in page.patterns] == templates[:2]
    assert page.distinct == 3


def test_a_query_and_open_ends_narrow_and_widen(store: Store) -> None:
    store(line("job 1 failed"), line("mail 2 sent", HOUR * 5), line("mail 3 sent", HOUR * 6))
    wide = list_patterns(query(start=None, end=None))
    assert [(pattern.template, pattern.count) for pattern in wide.patterns] == [
        ("mail <*> sent", 2),
        ("job <*> failed", 1),
    ]
    assert sum(wide.patterns[0].trend) == 2
    found = list_patterns(query(start=None, end=None, q="failed"))
    assert [pattern.template for pattern in found.patterns] == ["job <*> failed"]
    same = list_patterns(
        query(start=None, end=None, q=f"pattern_id:{pattern_id_of('mail 9 sent')}")
    )
    assert [pattern.count for pattern in same.patterns] == [2]


@pytest.mark.parametrize(
    ("record", "template"),
    [
        (line("", attributes={"method": "GET", "path": "/a/7"}), "GET /a/<*>"),
        (line("text 7", pattern_id=2**64 - 1), "text <*>"),
        (line("café 7 \u2028 <*> {x:String}"), "café <*> \u2028 <*> {x:String}"),
        (line(""), ""),
    ],
    ids=["a request", "an id of other rules", "odd characters", "nothing"],
)
def test_templates_are_told_from_the_example(
    store: Store, record: dict[str, Any], template: str
) -> None:
    store(record)
    assert [pattern.template for pattern in list_patterns(query()).patterns] == [template]


@pytest.mark.parametrize(
    "empty",
    [
        query(apps=()),
        query(apps=("other",)),
        query(start=None, end=None, apps=("other",)),
        query(end=AT),
        query(q="nothing"),
    ],
)
def test_nothing_is_found_in_nothing(store: Store, empty: LogQuery) -> None:
    store(line("job 1"))
    page = list_patterns(empty)
    assert (page.patterns, page.total, page.distinct) == ([], 0, 0)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        list_patterns(query(), limit=limit)
