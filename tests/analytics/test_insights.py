"""Two spans of stored lines compared: what a deploy at ten o'clock changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from analytics.insights import Insights, compare_spans
from logplatform.parameters import InvalidParameter
from storage.facade import LogQuery
from tests.storage.records import AT
from tests.storage.test_patterns import line

HOUR = timedelta(hours=1)
Store = Callable[..., list[str]]


def compared(
    first: datetime | None = None, last: datetime | None = None, limit: int = 20, **fields: Any
) -> Insights:
    query = LogQuery(**{"apps": ("shop",), "start": AT, "end": AT + HOUR, **fields})
    return compare_spans(query, first, last, limit=limit)


def deploy(store: Store) -> None:
    """An hour before and an hour after: version 2, a new error, one host silent."""
    rows = []
    for second in range(0, 7_200, 20):
        is_after, at = second >= 3_600, timedelta(seconds=second) - HOUR
        attributes = {"version": "2" if is_after else "1", "request": f"r{second}"}
        rows.append(line(f"GET /cart {second}", at, service="web", attributes=attributes))
        rows.append(line(f"tick {second}", at, service="cron", host="a"))
        if not is_after:
            rows.append(line(f"beat {second}", at, service="cron", host="b"))
        elif second % 60 == 0:
            rows.append(line(f"cannot reach stock {second}", at, service="web", severity=17))
    store(*rows)


def test_what_a_deploy_changed_is_found(store: Store) -> None:
    deploy(store)
    found = compared()
    changes = {(one.field, one.value): (one.now, one.before) for one in found.fields}
    assert changes["version", "2"] == (180, 0)
    assert changes["version", "1"] == (0, 180)
    assert changes["host", "b"] == (0, 180)
    assert changes["level", "ERROR"] == (60, 0)
    assert not {field for field, _ in changes} & {"request", "service"}
    assert [(one.template, one.kind, one.level) for one in found.templates] == [
        ("beat <*>", "vanished", "INFO"),
        ("cannot reach stock <*>", "new", "ERROR"),
    ]
    assert (found.span.count, found.baseline.count, found.sampled) == (420, 540, 1.0)
    assert (found.baseline.start, found.baseline.end) == (AT - HOUR, AT)


def test_the_other_span_can_be_chosen(store: Store) -> None:
    deploy(store)
    found = compared(AT + HOUR / 2, AT + HOUR, start=AT, end=AT + HOUR / 2)
    assert (found.fields, found.templates) == ([], [])


def test_at_most_so_many_changes(store: Store) -> None:
    deploy(store)
    found = compared(limit=1)
    assert (len(found.fields), len(found.templates)) == (1, 1)


BAD = {
    "half a baseline": {"first": AT - HOUR},
    "the other half": {"last": AT},
    "reversed": {"first": AT, "last": AT - HOUR},
    "empty": {"first": AT, "last": AT},
    "empty span": {"end": AT},
    "no limit": {"limit": 0},
    "too many": {"limit": 201},
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_spans_that_cannot_be_compared_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        compared(**given)


@pytest.mark.usefixtures("clickhouse")
def test_nothing_stored_is_nothing_changed() -> None:
    found = compared()
    assert (found.fields, found.templates, found.span.count) == ([], [], 0)
    assert compared(apps=()).fields == []
