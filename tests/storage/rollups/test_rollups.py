"""Counts by minute say what the lines say: late lines, repeats, crashes, retention, deletes."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import counts, facade
from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.retention import drop_expired
from storage.rollups.marks import BELIEVED_S, forget_marks, mark, marked_days
from storage.rollups.question import counted_rows
from storage.rollups.upkeep import mark_differences, recount_marked
from storage.tasks import recount
from tests.storage.records import AT

Store = Callable[..., list[str]]
DAY = timedelta(days=1)
EVERYTHING = LogQuery(apps=("shop",))
VIEW = "log_counts_view"


def lines_of(count: int, *, seed: int = 1, days: float = 3) -> list[dict[str, Any]]:
    """Lines of some days, some of which came long after they happened."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        moment = AT - timedelta(seconds=chance.uniform(0, days * 86_400))
        late = timedelta(days=chance.choice((0, 0, 0, 1, 9)))
        rows.append(
            {
                "timestamp": moment,
                "received_at": min(moment + late, AT),
                "message": f"{seed} {number}",
                "app": chance.choice(("shop", "shop", "zoo")),
                "service": chance.choice(("", "auth", "pay")),
                "source": chance.choice(("web", "api")),
                "severity": chance.choice((5, 9, 10, 17, 21)),
            }
        )
    return rows


def without_counts(question: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patched:
        patched.setattr(counts, "counted_rows", lambda query, **given: None)
        return question()


def answers(query: LogQuery) -> tuple[Any, ...]:
    stats = replace(facade.stats_logs(query), took_ms=0)
    histogram = replace(facade.histogram_logs(query), took_ms=0)
    return facade.count_logs(query), stats, histogram


@pytest.fixture(params=["by the minute", "by the hour"])
def agree(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[LogQuery], int]:
    """Ask the counts and the lines; they must say the same. Returns how many there are.

    Parts have counts by hour once they are merged.
    """

    def ask(query: LogQuery) -> int:
        if request.param == "by the hour":
            client.run("OPTIMIZE TABLE log_counts FINAL")
        assert counted_rows(query) is not None, "this question is answered from the lines"
        found = answers(query)
        assert found == without_counts(lambda: answers(query), monkeypatch)
        return found[0]

    return ask


Agree = Callable[[LogQuery], int]


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"q": "level:error"},
        {"q": "level>=info -service:auth"},
        {"q": "service:(auth OR pa*) source:web"},
        {"q": "_exists_:service app:shop severity:10"},
        {"level": ("error", "fatal"), "service": ("pay", "")},
        {"source": ("api",)},
        {"apps": ("shop", "zoo")},
        {"apps": ("none",)},
    ],
    ids=str,
)
def test_counts_and_lines_agree(store: Store, agree: Agree, filters: dict[str, Any]) -> None:
    store(*lines_of(400))
    store(
        *lines_of(100, seed=2), {"timestamp": datetime(1969, 12, 31, 23, 59, 30, tzinfo=AT.tzinfo)}
    )
    query = LogQuery(**{"apps": ("shop",), **filters})
    agree(query)
    chance = random.Random(3)
    for _ in range(4):
        start = AT - timedelta(seconds=chance.uniform(86_400, 3 * 86_400))
        agree(replace(query, start=start, end=start + timedelta(seconds=chance.uniform(900, 9e4))))
    agree(replace(query, start=AT - DAY, end=AT))


@pytest.mark.parametrize(
    "query",
    [
        replace(EVERYTHING, host=("web-1",)),
        replace(EVERYTHING, q="timeout"),
        replace(EVERYTHING, q="level:error OR status:500"),
        replace(EVERYTHING, q="NOT attributes.service:auth"),
        replace(EVERYTHING, q="timestamp:>2026-01-01"),
        replace(EVERYTHING, start=AT, end=AT + timedelta(minutes=5, seconds=58)),
        replace(EVERYTHING, apps=()),
    ],
    ids=lambda query: query.q or str(query.host),
)
def test_what_is_not_counted_is_asked_of_the_lines(query: LogQuery) -> None:
    moved = replace(query, start=query.start and AT + timedelta(seconds=1))
    assert counted_rows(moved) is None


def plan(query: LogQuery, width_s: int) -> str:
    counted = counted_rows(query, width_s=width_s)
    assert counted is not None
    rows = client.fetch(f"EXPLAIN SELECT sum(lines) FROM {counted.text}", counted.params)
    return "\n".join(row["explain"] for row in rows)


def test_whole_hours_are_read_where_parts_have_them(store: Store) -> None:
    store(*lines_of(200))
    query = replace(EVERYTHING, start=AT - 3 * DAY + timedelta(minutes=7), end=AT)
    assert "(hours)" not in plan(query, 3600)
    client.run("OPTIMIZE TABLE log_counts FINAL")
    assert "(hours)" in plan(query, 7200)
    assert "(hours)" in plan(EVERYTHING, 3600)
    assert "(hours)" not in plan(query, 1800)
    assert "(hours)" not in plan(replace(query, end=query.start and query.start + DAY), 3600)


def test_lines_that_come_after_a_merge_are_counted(store: Store, agree: Agree) -> None:
    both = replace(EVERYTHING, apps=("shop", "zoo"), start=AT - 4 * DAY, end=AT + DAY)
    store(*lines_of(200))
    client.run("OPTIMIZE TABLE log_counts FINAL")
    store(*lines_of(100, seed=2))
    found = (
        facade.stats_logs(both).total,
        sum(sum(bucket.counts.values()) for bucket in facade.histogram_logs(both).buckets),
    )
    assert found == (300, 300)
    assert agree(both) == 300


def test_a_repeated_token_counts_once(store: Store, agree: Agree) -> None:
    rows = lines_of(200)
    for _ in range(3):
        store(*rows, token="same")
    store(*rows, token="other")
    assert agree(replace(EVERYTHING, apps=("shop", "zoo"))) == 400


def test_lines_without_their_counts_get_them_with_the_repeat(store: Store, agree: Agree) -> None:
    """What a kill between the two leaves behind: the lines are there, the counts are not."""
    rows = lines_of(50)
    store(*lines_of(10, seed=5))
    client.run(f"DETACH TABLE {VIEW}")
    try:
        store(*rows, token="killed")
    finally:
        client.run(f"ATTACH TABLE {VIEW}")
    store(*rows, token="killed")
    assert agree(replace(EVERYTHING, apps=("shop", "zoo"))) == 60


def test_counts_follow_retention(store: Store, agree: Agree) -> None:
    both = replace(EVERYTHING, apps=("shop", "zoo"))
    store(*lines_of(400, days=6))
    before = agree(both)
    now = AT + DAY
    removed = drop_expired({"shop": 2, "zoo": 4}, now)
    assert removed.lines > 50
    assert agree(both) == before - removed.lines
    assert marked_days(both.apps) == []


def test_while_a_day_is_marked_its_lines_are_counted(store: Store, agree: Agree) -> None:
    rows = lines_of(300, days=2)
    store(*rows)
    day = (AT - DAY).date().isoformat()
    mark([("shop", day)])
    client.run("DELETE FROM logs WHERE app = 'shop' AND severity = 9")
    client.run(
        "ALTER TABLE log_counts DELETE WHERE app = 'shop' AND severity = 9", mutations_sync=2
    )
    client.run(
        f"ALTER TABLE log_counts UPDATE lines = 99 WHERE app = 'shop' AND day = '{day}'"
        " AND severity != 255",
        mutations_sync=2,
    )
    assert agree(EVERYTHING) > 0
    assert marked_days(EVERYTHING.apps) == [("shop", day)]
    assert recount_marked(AT + 3 * DAY) == 1
    assert marked_days(EVERYTHING.apps) == []
    agree(EVERYTHING)
    assert recount_marked(AT + 3 * DAY) == 0


def test_a_mark_is_known_to_every_process_once_it_is_set(store: Store) -> None:
    """Another process may have asked a moment before: it asks again before `mark` returns."""
    store({})
    asked = time.monotonic()
    assert marked_days(EVERYTHING.apps) == []
    mark([("shop", AT.date().isoformat())])
    assert time.monotonic() - asked >= BELIEVED_S
    assert marked_days(EVERYTHING.apps) == [("shop", AT.date().isoformat())]


def test_a_page_asks_for_marks_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store({})
    asked: list[str] = []
    fetch = client.fetch
    monkeypatch.setattr(client, "fetch", lambda sql, *rest: asked.append(sql) or fetch(sql, *rest))
    for _ in range(2):
        facade.count_logs(EVERYTHING)
    assert len(asked) == 3


def test_a_day_that_still_gets_lines_stays_marked(store: Store, agree: Agree) -> None:
    store({}, {"service": "auth"})
    mark([("shop", AT.date().isoformat())])
    assert recount_marked(AT + timedelta(hours=14, minutes=30)) == 0
    assert agree(EVERYTHING) == 2
    assert recount_marked(AT + timedelta(hours=15, minutes=1)) == 1
    assert agree(EVERYTHING) == 2


def test_a_difference_is_found_and_mended(store: Store, agree: Agree) -> None:
    store(*lines_of(200, days=2))
    client.run("DELETE FROM logs WHERE severity = 9")
    found = mark_differences(AT + 20 * DAY)
    assert ("shop", (AT - DAY).date().isoformat()) in found
    agree(EVERYTHING)
    assert recount_marked(AT + 20 * DAY) == len(found)
    assert mark_differences(AT + 20 * DAY) == []
    agree(EVERYTHING)


def test_days_from_before_the_counts_are_marked_and_counted(store: Store, agree: Agree) -> None:
    from storage.clickhouse.migrate import migrations

    client.run(f"DETACH TABLE {VIEW}")
    try:
        store(*lines_of(200, days=2))
    finally:
        client.run(f"ATTACH TABLE {VIEW}")
    (fill,) = migrations()["0006_counts"].fills
    client.run(fill)
    forget_marks()
    assert agree(EVERYTHING) > 100
    assert recount() > 0
    agree(EVERYTHING)


def test_deleting_an_app_deletes_its_counts(store: Store) -> None:
    store(*lines_of(50))
    facade.delete_app_logs("shop")
    left = client.fetch("SELECT count() AS n FROM log_counts WHERE app = 'shop'")
    assert left == [{"n": 0}] or facade.count_logs(EVERYTHING) == 0
