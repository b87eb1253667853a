"""A range is cut without gaps, from the end a page begins with, and pages stop looking early."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logplatform.kernel import clock
from storage import facade, search
from storage.clickhouse import client
from storage.contracts import LogQuery, Order
from storage.query.instants import MAX_NS, MIN_NS, NS, epoch_ns
from storage.stretches import FIRST_WIDTH, Span, cut, next_width
from tests.storage.records import AT

HOUR, DAY = 3_600 * NS, 86_400 * NS
TIMES = st.one_of(st.just(MIN_NS), st.just(MAX_NS), st.integers(MIN_NS - DAY, MAX_NS + DAY))


def stretches(low: int, high: int, order: Order, found: int = 0) -> list[Span]:
    """All stretches of a range, where each of them had so many of 101 lines."""
    cuts, left, width = [], (low, high), FIRST_WIDTH
    while left:
        stretch, left = cut(left, order, width)
        cuts.append(stretch)
        width = next_width(width, found=found, missing=101)
    return cuts


@given(low=TIMES, high=TIMES, order=st.sampled_from(["asc", "desc"]), found=st.integers(0, 200))
def test_stretches_follow_each_other_from_end_to_end(
    low: int, high: int, order: Order, found: int
) -> None:
    low, high = min(low, high), max(low, high)
    cuts = stretches(low, high, order, found)
    if order == "desc":
        cuts.reverse()
    assert (cuts[0][0], cuts[-1][1]) == (max(low, MIN_NS), min(high, MAX_NS))
    assert all(early[1] == late[0] for early, late in zip(cuts, cuts[1:], strict=False))
    assert len(cuts) < 30


def test_the_newest_hour_is_first_and_has_what_claims_to_come_from_the_future() -> None:
    now = epoch_ns(AT)
    with clock.frozen(AT):
        assert stretches(now - 30 * DAY, MAX_NS, "desc") == [
            (now - HOUR, MAX_NS),
            (now - HOUR - DAY, now - HOUR),
            (now - 30 * DAY, now - HOUR - DAY),
        ]


@pytest.mark.parametrize(("found", "hours"), [(0, 24), (2, 24), (10, 16), (60, 3), (100, 2)])
def test_the_next_stretch_is_as_wide_as_the_one_before_lets_expect(found: int, hours: int) -> None:
    assert next_width(HOUR, found=found, missing=101) == hours * HOUR


def test_the_oldest_lines_of_an_open_range_are_asked_for_once() -> None:
    assert stretches(MIN_NS, MAX_NS, "asc") == [(MIN_NS, MAX_NS)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were sent."""
    sent: list[str] = []
    fetch = client.fetch

    def remembered(sql: str, params: Any = None, **limits: Any) -> list[dict[str, Any]]:
        sent.append(sql)
        return fetch(sql, params, **limits)

    monkeypatch.setattr(client, "fetch", remembered)
    return sent


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question was asked before."""
    monkeypatch.setattr(search, "_reached", {})


@pytest.fixture
def _sparse(store: Callable[..., list[str]]) -> None:
    """A line in each of forty days, the last at AT."""
    moments = [AT - timedelta(days=day) for day in range(40)]
    rows = [{"message": f"day {n}", "timestamp": moment} for n, moment in enumerate(moments)]
    store(*({**row, "received_at": row["timestamp"]} for row in rows))


@pytest.mark.usefixtures("_sparse")
class TestPages:
    """Whatever stretch a line is in, a page has it in its place."""

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize(
        ("q", "start"),
        [("", None), ("", AT - timedelta(days=50)), ("day", AT - timedelta(days=50))],
        ids=["open", "closed", "frequent word"],
    )
    def test_pages_of_any_size_have_every_line_once(self, order: Order, q: str, start: Any) -> None:
        query = LogQuery(apps=("shop",), q=q, start=start, order=order)
        for limit in (1, 3, 7, 39, 40, 100):
            found, cursor = [], None
            while True:
                page = facade.search_logs(query, limit=limit, cursor=cursor)
                found += [record["message"] for record in page.records]
                cursor = page.next
                if cursor is None:
                    break
            days = range(40) if order == "desc" else range(39, -1, -1)
            assert found == [f"day {n}" for n in days]

    def test_a_word_that_filled_a_page_is_looked_for_where_it_was(self, asked: list[str]) -> None:
        query = LogQuery(apps=("shop",), q="day", start=AT - timedelta(days=50))
        with clock.frozen(AT):
            for _ in range(2):
                assert len(facade.search_logs(query, limit=5).records) == 5
            rare = replace(query, q="39")
            for _ in range(2):
                assert len(facade.search_logs(rare, limit=5).records) == 1
        first, again, *of_rare = ["{low:Int64}" in sql for sql in asked]
        assert (first, again, of_rare) == (False, True, [False, False])

    def test_a_word_nobody_writes_any_more_is_asked_of_the_whole_range(
        self, asked: list[str]
    ) -> None:
        query = LogQuery(apps=("shop",), q="day", start=AT - timedelta(days=50))
        with clock.frozen(AT):
            facade.search_logs(query, limit=5)
        later = replace(query, start=AT + timedelta(days=1))
        with clock.frozen(AT + timedelta(days=60)):
            for _ in range(2):
                assert not facade.search_logs(later, limit=5).records
        assert "{low:Int64}" in asked[1]
        assert "{low:Int64}" not in asked[-1]

    def test_a_full_page_reads_no_further(self, asked: list[str]) -> None:
        query = LogQuery(apps=("shop",), start=AT - timedelta(days=50), end=AT + timedelta(hours=1))
        assert len(facade.search_logs(query, limit=5).records) == 5
        assert len(asked) == 3  # an hour with one of six, eight hours with none, eight days

    @pytest.mark.parametrize("q", ["trace_id:abc", "absent", "service:auth absent"])
    def test_what_an_index_finds_is_asked_of_the_whole_range(
        self, q: str, asked: list[str]
    ) -> None:
        assert not facade.search_logs(LogQuery(apps=("shop",), q=q), limit=5).records
        assert len(asked) == 1

    @pytest.mark.parametrize("q", ["", "level:info", "NOT absent", "absent OR level:error"])
    def test_what_no_index_finds_is_not(self, q: str, asked: list[str]) -> None:
        facade.search_logs(LogQuery(apps=("shop",), q=q), limit=100)
        assert len(asked) > 1
