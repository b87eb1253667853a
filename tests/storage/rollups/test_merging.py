"""Counts of days that are over become one part with its hours, and stay what they were."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from logplatform.kernel import clock
from storage import facade
from storage.clickhouse import client
from storage.clickhouse.error_codes import StoreUnavailable
from storage.contracts import LogQuery
from storage.rollups.marks import mark
from storage.rollups.merging import merge_days
from storage.rollups.upkeep import drop_day, mark_differences, recount_marked
from storage.tasks import merge_counts
from tests.services import wait_until
from tests.storage.records import AT
from tests.storage.rollups.test_rollups import DAY, EVERYTHING, lines_of

Store = Callable[..., list[str]]
LATER = AT + 20 * DAY
BOTH = LogQuery(apps=("shop", "zoo"))


@pytest.fixture
def unmerged(store: Store) -> None:
    """Some days in several parts each, which the engine leaves alone."""
    client.run("SYSTEM STOP MERGES log_counts")
    for seed in range(3):
        store(*lines_of(100, seed=seed))
    client.run("SYSTEM START MERGES log_counts")


def parts() -> dict[str, tuple[int, bool]]:
    """By day: how many parts, and whether all have their hours."""
    rows = client.fetch(
        "SELECT partition_id, count() AS n, min(has(projections, 'hours')) AS hours "
        "FROM system.parts WHERE active AND rows > 0 AND database = currentDatabase() "
        "AND table = 'log_counts' GROUP BY partition_id"
    )
    return {row["partition_id"]: (row["n"], bool(row["hours"])) for row in rows}


@pytest.mark.usefixtures("unmerged")
def test_each_day_becomes_one_part_with_its_hours() -> None:
    before = facade.stats_logs(EVERYTHING)
    days = parts()
    assert merge_days(LATER) == len(days)
    assert set(parts().values()) == {(1, True)}
    assert mark_differences(LATER) == []
    after = facade.stats_logs(EVERYTHING)
    assert (after.by_level, after.by_service) == (before.by_level, before.by_service)
    assert merge_days(LATER) == 0


def test_a_part_that_came_after_a_merge_is_merged_too(store: Store) -> None:
    """The engine itself never merges a part that has hours and one that has none."""
    store({"message": "first"})
    merge_days(LATER)
    store({"message": "second"})
    client.run("OPTIMIZE TABLE log_counts FINAL")
    assert list(parts().values()) == [(2, False)]
    assert merge_days(LATER) == 1
    assert list(parts().values()) == [(1, True)]


def test_a_single_part_without_hours_gets_them(store: Store) -> None:
    store({})
    assert list(parts().values()) == [(1, False)]
    assert merge_days(LATER) == 1
    assert list(parts().values()) == [(1, True)]


@pytest.mark.usefixtures("unmerged")
def test_a_day_that_still_gets_lines_is_left_to_the_engine() -> None:
    today = AT.strftime("%Y%m%d")
    merge_days(AT)
    assert today in parts()
    assert not parts()[today][1]
    merge_days(AT + DAY)
    assert parts()[today] == (1, True)


@pytest.mark.usefixtures("unmerged")
def test_work_is_bounded_and_the_rest_is_done_by_the_next_run() -> None:
    assert merge_days(LATER, budget_s=0) == 0
    assert merge_counts() == len(parts())


@pytest.mark.usefixtures("unmerged")
def test_a_line_that_comes_late_is_counted_and_merged_with_the_next_run(store: Store) -> None:
    merge_days(LATER)
    store({"message": "late"})
    assert facade.count_logs(BOTH) == 301
    assert merge_days(LATER) == 1
    assert facade.count_logs(BOTH) == 301


@pytest.mark.usefixtures("unmerged")
def test_a_marked_day_stays_marked_until_it_is_counted_again() -> None:
    day = AT.date().isoformat()
    mark([("shop", day)])
    before = facade.count_logs(EVERYTHING)
    assert merge_days(LATER) > 0
    assert facade.count_logs(EVERYTHING) == before
    assert recount_marked(LATER) == 1
    merge_days(LATER)
    assert facade.count_logs(EVERYTHING) == before
    assert set(parts().values()) == {(1, True)}


@pytest.mark.usefixtures("unmerged")
def test_beside_lines_recounts_and_retention(store: Store) -> None:
    """All of them at once, as workers may run them; then nothing differs and nothing waits."""
    failed: list[Exception] = []
    oldest = min(parts())

    def often(work: Callable[[], object]) -> None:
        for _ in range(4):
            try:
                work()
            except StoreUnavailable as error:  # what drops a day ends what is at work on it
                if "aborted" not in error.reason:
                    failed.append(error)
            except Exception as error:
                failed.append(error)

    seeds = iter(range(10, 30))
    works: list[Callable[[], object]] = [
        lambda: merge_days(LATER),
        lambda: recount_marked(LATER),
        lambda: store(*lines_of(20, seed=next(seeds), days=1)),
        lambda: mark([("shop", (AT - DAY).date().isoformat())]),
        lambda: drop_day(oldest),
    ]
    threads = [threading.Thread(target=often, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    mark_differences(LATER)
    recount_marked(LATER)
    # A run does nothing to a day the engine itself is merging.
    wait_until(lambda: not merge_days(LATER) and set(parts().values()) == {(1, True)}, 30)
    assert mark_differences(LATER) == []
    assert facade.count_logs(BOTH) == 300 + 80


def test_the_clock_of_the_task_is_the_platforms(store: Store) -> None:
    now = clock.now()
    store({"timestamp": now, "received_at": now})
    assert merge_counts() == 0
    assert merge_days(now + timedelta(days=2)) == 1
