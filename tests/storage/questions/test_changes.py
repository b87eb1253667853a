"""Two spans compared: values and templates, samples, other apps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.contracts import LogQuery
from storage.patterns import find_templates
from storage.questions import changes
from storage.questions.changes import count_changes
from tests.storage.records import AT
from tests.storage.test_patterns import line

HOUR = timedelta(hours=1)
Store = Callable[..., list[str]]


def query(**fields: Any) -> LogQuery:
    return LogQuery(**{"apps": ("shop",), "start": AT, "end": AT + HOUR, **fields})


def counted(**fields: Any) -> changes.Changes:
    return count_changes(query(**fields), AT - HOUR, AT)


def of_field(found: changes.Changes, field: str) -> dict[str, tuple[int, int]]:
    return {one.value: (one.now, one.before) for one in found.values if one.field == field}


def test_values_of_columns_and_attributes_are_counted_in_both_spans(store: Store) -> None:
    store(
        *(line("a", timedelta(minutes=n), service="web", severity=17) for n in range(3)),
        line("a", service="api", attributes={"status": "500", "host": "inner", "k": ""}),
        line("a", -HOUR, service="web", attributes={"status": "200"}),
        line("a", -timedelta(seconds=1), service="web"),
        line("a", -HOUR - timedelta(seconds=1), service="too early"),
        line("a", HOUR, service="too late"),
        line("a", app="other", service="not ours"),
    )
    found = counted()
    assert (found.total.now, found.total.before, found.every) == (4, 2, 1)
    assert of_field(found, "service") == {"web": (3, 2), "api": (1, 0)}
    assert of_field(found, "level") == {"ERROR": (3, 0), "INFO": (1, 2)}
    assert of_field(found, "status") == {"500": (1, 0), "200": (0, 1)}
    assert of_field(found, "attributes.host") == {"inner": (1, 0)}
    assert of_field(found, "host") == of_field(found, "k") == {}


def test_templates_are_counted_with_their_worst_level(store: Store) -> None:
    store(
        *(line(f"job {n} failed", timedelta(minutes=n), severity=17 + n % 2) for n in range(5)),
        line("bye", -timedelta(minutes=1)),
        line("no id", pattern_id=0),
    )
    failed, bye = counted().templates
    assert (failed.now, failed.before, failed.level) == (5, 0, "ERROR")
    assert (bye.now, bye.before) == (0, 1)
    words = find_templates(query(start=AT - HOUR), [failed.pattern_id, bye.pattern_id, 7])
    assert words == {failed.pattern_id: "job <*> failed", bye.pattern_id: "bye"}


def test_the_query_narrows_both_spans(store: Store) -> None:
    store(
        line("a", service="web"),
        line("a", service="api"),
        line("a", -HOUR, service="web"),
        line("a", -HOUR, service="api"),
    )
    found = counted(q="service:api", level=("info",))
    assert of_field(found, "service") == {"api": (1, 1)}
    assert (found.total.now, found.total.before) == (1, 1)


def test_the_two_spans_may_be_apart_and_of_different_lengths(store: Store) -> None:
    store(line("a"), line("a", -timedelta(hours=3)), line("a", -timedelta(hours=9)))
    found = count_changes(query(), AT - timedelta(days=1), AT - timedelta(hours=2))
    assert (found.total.now, found.total.before) == (1, 2)


def test_many_lines_are_sampled_and_the_totals_are_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_SAMPLE", 100)
    store(*(line("a", timedelta(seconds=n), service="web") for n in range(1_000)))
    found = counted()
    assert (found.total.now, found.every) == (1_000, 10)
    assert 40 <= of_field(found, "service")["web"][0] <= 200


def test_of_very_many_lines_those_of_some_short_times_are_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_READ", 200)
    monkeypatch.setattr(changes, "MAX_SAMPLE", 100)
    monkeypatch.setattr(changes, "SLICES", 100)
    times = [timedelta(seconds=n) for n in range(-3_000, 3_000, 6)]
    store(*(line("a", at, service="web") for at in times))
    found = counted()
    assert (found.total.now, found.total.before, found.every) == (500, 500, 6)
    now, before = of_field(found, "service")["web"]
    assert 40 <= now <= 160
    assert 40 <= before <= 160
    assert found.templates[0].now == 500


def test_what_there_is_no_time_for_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "BUDGET_S", 0)
    store(line("a", service="web"))
    found = counted()
    assert (found.total.now, found.values, found.templates) == (1, (), ())
    assert found.left_out == ("templates", "fields")


def test_a_field_with_very_many_values_costs_a_bounded_number_of_counters(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "TOP_VALUES", 5)
    store(
        *(line("a", timedelta(seconds=n), trace_id="t", service=f"s{n}") for n in range(300)),
        *(line("a", timedelta(minutes=30, seconds=n), service="hot") for n in range(50)),
    )
    found = of_field(counted(), "service")
    assert len(found) <= 10
    assert found["hot"][0] >= 40


def test_no_apps_is_no_lines() -> None:
    assert count_changes(query(apps=()), AT - HOUR, AT).total.now == 0
    assert find_templates(query(apps=()), [1]) == {}


@pytest.mark.usefixtures("clickhouse")
def test_an_empty_store_has_no_changes() -> None:
    assert counted() == changes.Changes(total=changes.SpanCounts(now=0, before=0))
