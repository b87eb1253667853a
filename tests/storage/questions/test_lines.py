"""Days that lie wholly inside a range are read without their times, and counted exactly."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import override_settings

from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.query import SqlCondition
from storage.questions.aggregate import aggregate_logs
from storage.questions.facets import facet_logs
from storage.questions.lines import lines_of
from tests.storage.records import AT

Store = Callable[..., list[str]]
DAYS = 6
START, END = AT, AT + timedelta(days=5)  # from ten o'clock to ten o'clock
LATE = AT + timedelta(days=2)


@pytest.fixture(autouse=True)
def _days(store: Store) -> None:
    """Each day a line before, at and after ten; on one, two that are older came late as well."""
    for day in range(DAYS):
        times = [AT + timedelta(days=day, seconds=second) for second in (-1, 0, 1)]
        if AT + timedelta(days=day) == LATE:
            times += [START - timedelta(seconds=1), START]
        for moment in times:
            came = max(moment, AT + timedelta(days=day))
            attributes = {"ms": str(day), "day": f"d{day}"}
            store({"timestamp": moment, "received_at": came, "attributes": attributes})
    store({"timestamp": LATE, "app": "zoo"})


def query(**fields: object) -> LogQuery:
    return LogQuery(apps=("shop",), **{"start": START, "end": END, **fields})  # type: ignore[arg-type]


def by_day(asked: LogQuery) -> dict[str, tuple[float | None, float | None]]:
    found = aggregate_logs(asked, group_by=["day"], metrics=["count", "p50:ms"])
    return {g.key["day"]: (g.values["count"], g.values["p50:ms"]) for g in found.groups}


def of_days(*counts: int) -> dict[str, tuple[int, int]]:
    return {f"d{day}": (count, day) for day, count in enumerate(counts) if count}


def plan(asked: LogQuery) -> str:
    lines = lines_of(asked, ["service"])
    sql = f"EXPLAIN indexes = 1 SELECT service FROM {lines.table}"
    return "\n".join(row["explain"] for row in client.fetch(sql, lines.params))


def test_lines_at_both_ends_and_late_ones_are_counted_exactly() -> None:
    assert by_day(query()) == of_days(2, 3, 4, 3, 3, 1)
    found = facet_logs(query(), ["day"], limit=10).fields["day"]
    assert {value.value: value.count for value in found} == {
        name: count for name, (count, _) in of_days(2, 3, 4, 3, 3, 1).items()
    }


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"start": None}, (3, 3, 5, 3, 3, 1)),
        ({"end": None}, (2, 3, 4, 3, 3, 3)),
        ({"start": None, "end": None}, (3, 3, 5, 3, 3, 3)),
        ({"q": "ms:>3"}, (0, 0, 0, 0, 3, 1)),
        ({"q": "line"}, (0, 0, 0, 0, 0, 0)),
        ({"apps": ()}, (0, 0, 0, 0, 0, 0)),
    ],
)
def test_open_ends_and_queries(fields: dict[str, object], counts: tuple[int, ...]) -> None:
    asked = LogQuery(**{"apps": ("shop",), "start": START, "end": END, **fields})  # type: ignore[arg-type]
    assert by_day(asked) == of_days(*counts)


def test_only_days_at_the_ends_are_compared_with_the_range() -> None:
    within, around = plan(query()).split("ReadFromMergeTree")[1:3]
    assert "timestamp" not in within.split("Indexes:")[0]
    assert "timestamp" in around.split("Indexes:")[0]


def test_short_ranges_and_words_are_read_as_they_were() -> None:
    for asked in (query(end=START + timedelta(days=2)), query(q="absent")):
        assert lines_of(asked, ["service"]).table.startswith("logs ")
    with override_settings(CLICKHOUSE_CLUSTER="two"):
        assert lines_of(query(), ["service"]).table.startswith("logs ")


def test_what_else_is_true_holds_on_all_days() -> None:
    only = SqlCondition(
        text="attributes[{one:String}] > {two:String}", params={"one": "ms", "two": "3"}
    )
    lines = lines_of(query(), [], only)
    (row,) = lines.fetch("count() AS n", "", limits={})
    assert row["n"] == 4


def test_lines_that_are_deleted_but_masked_only_are_not_counted() -> None:
    client.run(
        "DELETE FROM logs WHERE attributes['day'] = 'd3' AND timestamp = {at:DateTime64(9, 'UTC')}",
        {"at": AT + timedelta(days=3)},
        mutations_sync=2,
    )
    assert by_day(query()) == of_days(2, 3, 4, 2, 3, 1)
