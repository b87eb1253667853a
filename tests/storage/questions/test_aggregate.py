"""Figures of groups, in total and over time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.contracts import (
    InvalidField,
    InvalidInterval,
    InvalidLimit,
    InvalidMetric,
    LogQuery,
    TooManyFields,
)
from storage.questions.aggregate import Aggregate, aggregate_logs
from tests.storage.records import AT

Store = Callable[..., list[str]]
MINUTE = timedelta(minutes=1)
RANGE = {"start": AT, "end": AT + 4 * MINUTE}


@pytest.fixture
def lines(store: Store) -> None:
    """Two services with times, one line without, and another app."""
    rows = [
        *(
            {"service": "api", "attributes": {"ms": str(n), "user": str(n % 3)}}
            for n in range(1, 6)
        ),
        {"service": "web", "severity": 17, "attributes": {"ms": "1e3", "user": "9"}},
        {"service": "web", "severity": 21, "attributes": {"ms": "nan"}},
        {"attributes": {"ms": "slow"}},
        {"app": "other", "service": "secret", "attributes": {"ms": "7"}},
    ]
    store(*({**row, "timestamp": AT + (at % 3) * MINUTE} for at, row in enumerate(rows)))


def ask(**parameters: Any) -> Aggregate:
    query = {name: parameters.pop(name) for name in ("q", "apps") if name in parameters}
    return aggregate_logs(LogQuery(**{"apps": ("shop",), **RANGE, **query}), **parameters)


def table(**parameters: Any) -> list[tuple[Any, ...]]:
    """Keys and figures, a tuple each group."""
    answer = ask(**parameters)
    return [(*group.key.values(), *group.values.values()) for group in answer.groups]


ALL = ("count", "sum:ms", "avg:ms", "min:ms", "max:ms", "p50:ms", "unique:user")


@pytest.mark.usefixtures("lines")
class TestFigures:
    """Over the lines of the fixture."""

    def test_without_a_field_there_is_one_group(self) -> None:
        (group,) = ask().groups
        assert (group.key, group.values, group.points) == ({}, {"count": 8}, None)
        assert table(q="absent", metrics=ALL) == [(0, *[None] * 5, 0)]
        assert table(apps=()) == [(0,)]

    def test_groups_have_every_figure(self) -> None:
        assert table(group_by=["service"], metrics=ALL) == [
            ("api", 5, 15, 3, 1, 5, 3, 3),
            ("web", 2, 1000, 1000, 1000, 1000, 1000, 1),
            ("", 1, None, None, None, None, None, 0),
        ]

    def test_several_fields_group_together(self) -> None:
        assert table(group_by=["service", "level"]) == [
            ("api", "INFO", 5),
            ("", "INFO", 1),
            ("web", "ERROR", 1),
            ("web", "FATAL", 1),
        ]

    @pytest.mark.parametrize(
        ("order", "services"),
        [
            ("", ["api", "web", ""]),
            ("count", ["", "web", "api"]),
            ("-max:ms", ["web", "api", ""]),
            ("max:ms", ["api", "web", ""]),
        ],
    )
    def test_groups_come_in_the_order_asked_for(self, order: str, services: list[str]) -> None:
        rows = table(group_by=["service"], metrics=["count", "max:ms"], order=order)
        assert [row[0] for row in rows] == services

    def test_more_groups_than_the_limit_are_told(self) -> None:
        for limit, is_truncated in ((1, True), (2, True), (3, False)):
            answer = ask(group_by=["service"], limit=limit)
            assert (len(answer.groups), answer.is_truncated) == (limit, is_truncated)

    def test_over_time_every_bucket_is_there(self) -> None:
        answer = ask(group_by=["service"], metrics=["count", "max:ms"], interval=60, limit=2)
        assert answer.interval_s == 60
        api, web = answer.groups
        assert api.points is not None
        assert web.points is not None
        assert [point.start[11:16] for point in api.points] == ["10:00", "10:01", "10:02", "10:03"]
        assert [list(point.values.values()) for point in api.points] == [
            [2, 4], [2, 5], [1, 3], [0, None],
        ]  # fmt: skip
        assert [point.values["count"] for point in web.points] == [1, 0, 1, 0]

    def test_totals_over_time_are_those_without(self) -> None:
        for group_by in ([], ["service"], ["level", "service"], ["user"], ["absent"]):
            for order in ("", "count", "-max:ms", "p50:ms"):
                asked = {"group_by": group_by, "metrics": ALL, "order": order}
                answer = ask(**asked, interval=60)
                assert [group.values for group in answer.groups] == [
                    group.values for group in ask(**asked).groups
                ]
                for group in answer.groups:
                    counts = [point.values["count"] or 0 for point in group.points or ()]
                    assert (len(counts), sum(counts)) == (4, group.values["count"])

    def test_percentiles_are_of_finite_numbers(self, store: Store) -> None:
        for n, text in enumerate(("inf", "-inf", "NaN", "", "1e308", "x", "0x10")):
            store({"service": "odd", "attributes": {"ms": text, "n": str(n)}, "timestamp": AT})
        store({"service": "odd", "timestamp": AT})
        metrics = ("count", "p50:ms", "p99:ms", "max:ms")
        assert table(group_by=["service"], q="service:odd", metrics=metrics) == [
            ("odd", 8, 1e308, 1e308, 1e308)
        ]
        order = ["p50:ms", "-p50:ms"]
        last = [table(group_by=["service"], metrics=metrics, order=by)[-1][0] for by in order]
        assert last == ["", ""]

    def test_the_automatic_interval_is_round_and_of_the_whole_range(self) -> None:
        answer = ask(interval="auto")
        (group,) = answer.groups
        assert answer.interval_s == 2
        assert group.points is not None
        assert sum(point.values["count"] or 0 for point in group.points) == 8

    def test_an_open_range_is_that_of_the_lines(self) -> None:
        for q, points in (("", 121), ("absent", 0)):
            (group,) = aggregate_logs(LogQuery(apps=("shop",), q=q), interval=1).groups
            assert len(group.points or ()) == points

    def test_level_and_severity_are_numbers_too(self) -> None:
        assert table(metrics=["max:severity", "min:level", "unique:level"]) == [(21, 9, 3)]

    def test_any_name_of_a_field_is_a_name(self) -> None:
        for name in (
            "it's",
            'a"[0]',
            "x)",
            "{c0:String}",
            "attributes.service",
            "1",
            "k0",
            "g0",
            "m0",
        ):
            assert table(group_by=[name], metrics=["count", f"sum:{name}"]) == [("", 8, None)]


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"metrics": ["p101:ms"]}, InvalidMetric),
        ({"metrics": ["p0:ms"]}, InvalidMetric),
        ({"metrics": ["median:ms"]}, InvalidMetric),
        ({"metrics": ["p:ms"]}, InvalidMetric),
        ({"metrics": ["count", "sum"]}, InvalidMetric),
        ({"order": "sum:ms"}, InvalidMetric),
        ({"metrics": ["max:timestamp"]}, InvalidField),
        ({"group_by": [f"f{n}" for n in range(50)]}, TooManyFields),
        ({"metrics": [f"sum:f{n}" for n in range(11)]}, TooManyFields),
        ({"limit": 0}, InvalidLimit),
        ({"limit": 1_001}, InvalidLimit),
        ({"interval": 0}, InvalidInterval),
        ({"interval": 1, "limit": 1_000}, InvalidInterval),
    ],
)
def test_what_cannot_be_computed_is_refused(
    parameters: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(**parameters)


class TestTooManyGroups:
    """With more groups than are compared, some are chosen first."""

    @pytest.fixture(autouse=True)
    def _few(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Forty traces of one line, and three with more; `big` has the largest figures."""
        monkeypatch.setattr("storage.questions.preselect.EXACT_GROUPS", 4)
        lines = [(f"t{n}", "7") for n in range(40)]
        lines += [("often", "1")] * 9 + [("twice", "20")] * 2 + [("big", "500"), ("big", "-3")]
        store(
            *(
                {"trace_id": trace, "attributes": {"ms": ms, "n": str(n)}, "timestamp": AT}
                for n, (trace, ms) in enumerate(lines)
            )
        )

    @pytest.mark.parametrize(
        ("order", "chosen_by", "first"),
        [
            ("", "-count", ["often", "big"]),
            ("-sum:ms", "-sum:ms", ["big", "twice"]),
            ("-max:ms", "-max:ms", ["big", "twice"]),
            ("min:ms", "min:ms", ["big", "often"]),
            ("-avg:ms", "-count", ["big", "twice"]),
        ],
    )
    def test_the_chosen_have_exact_figures(
        self, order: str, chosen_by: str, first: list[str]
    ) -> None:
        metrics = ("count", "sum:ms", "avg:ms", "min:ms", "max:ms", "p50:ms", "unique:n")
        answer = ask(group_by=["trace_id"], metrics=metrics, order=order, limit=2)
        assert (answer.chosen_by, answer.is_truncated) == (chosen_by, True)
        assert [group.key["trace_id"] for group in answer.groups] == first
        values = {group.key["trace_id"]: group.values for group in answer.groups}
        if "big" in values:
            assert [*values["big"].values()] == [2, 497, 248.5, -3, 500, 248.5, 2]

    def test_they_have_every_bucket_too(self) -> None:
        often, _ = ask(group_by=["trace_id"], interval=60, limit=2).groups
        assert [point.values for point in often.points or ()] == [{"count": 9}, *[{"count": 0}] * 3]

    def test_fewer_groups_are_all_compared(self) -> None:
        answer = ask(group_by=["trace_id"], q="trace_id:(often OR big)")
        assert (answer.chosen_by, answer.is_truncated, len(answer.groups)) == (None, False, 2)
