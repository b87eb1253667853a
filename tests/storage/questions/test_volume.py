"""Counts over time, as unusual volumes are looked for in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.clickhouse.error_codes import QueryTooExpensive
from storage.contracts import LogQuery
from storage.questions import volume
from storage.questions.volume import VolumeSeries, count_volume
from tests.storage.records import AT
from tests.storage.test_patterns import line

MINUTE = timedelta(minutes=1)
Store = Callable[..., list[str]]


def counted(*, new_from: int = 5, **fields: Any) -> list[VolumeSeries]:
    query = LogQuery(**{"apps": ("shop",), "start": AT, "end": AT + 10 * MINUTE, **fields})
    return count_volume(query, width_s=60, new_from=new_from).series


def told(series: list[VolumeSeries]) -> list[tuple[Any, ...]]:
    return [
        (one.service, one.level, bool(one.pattern_id), dict(zip(one.buckets, one.counts, strict=1)))
        for one in series
    ]


def test_services_levels_and_templates_are_counted_by_bucket(store: Store) -> None:
    store(
        *(line("a", MINUTE * n, service="web") for n in (0, 0, 9)),
        line("b", MINUTE * 3, service="web", severity=17),
        line("no template", MINUTE * 3, service="api", pattern_id=0),
        line("too late", MINUTE * 10, service="web"),
        line("too early", -MINUTE, service="web"),
        line("not ours", app="other"),
    )
    assert told(counted()) == [
        ("web", "INFO", False, {0: 2, 9: 1}),
        ("api", "INFO", False, {3: 1}),
        ("web", "ERROR", False, {3: 1}),
        ("web", "INFO", True, {0: 2, 9: 1}),
        ("web", "ERROR", True, {3: 1}),
    ]


def test_new_templates_are_told_though_others_are_greater(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "MAX_TEMPLATES", 1)
    words = {"often": [0, 1, 2, 6], "seldom": [1], "new": [7, 8], "newer": [8]}
    store(*(line(text, MINUTE * n) for text, minutes in words.items() for n in minutes))
    found = [one for one in counted() if one.pattern_id]
    assert [sum(one.counts) for one in found] == [4, 2]


def test_the_query_narrows_it_and_no_apps_are_nothing(store: Store) -> None:
    store(line("a", service="web"), line("a", service="api"))
    assert [one.service for one in counted(service=("api",)) if not one.pattern_id] == ["api"]
    assert counted(apps=()) == []


def test_counts_by_minute_and_lines_tell_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("web", "api", "")
    rows = [line("a", MINUTE * (n % 10), service=names[n % 3], severity=1 + n) for n in range(24)]
    store(*rows, line("a", app="other"))
    from_counts = counted(apps=("shop", "other"))
    monkeypatch.setattr(volume, "counted_rows", lambda query, **given: None)
    assert from_counts == counted(apps=("shop", "other"))


def test_templates_are_left_out_when_there_is_no_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise QueryTooExpensive(limit="time")

    store(line("a", service="web"))
    query = LogQuery(apps=("shop",), start=AT, end=AT + 10 * MINUTE)
    assert count_volume(query, width_s=60, new_from=5).has_templates
    monkeypatch.setattr(volume._Counted, "fetch", _but(volume._TEMPLATES, refuse))
    found = count_volume(query, width_s=60, new_from=5)
    assert (found.has_templates, [one.service for one in found.series]) == (False, ["web"])


def _but(which: Any, instead: Callable[..., Any]) -> Callable[..., Any]:
    usual = volume._Counted.fetch
    return lambda self, *args, **more: (instead if self is which else usual)(self, *args, **more)
