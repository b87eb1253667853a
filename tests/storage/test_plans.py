"""What the engine does for a search: words use the text index, times and apps the primary key."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from storage import facade
from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.where import where
from tests.storage.records import AT


def plan(**fields: Any) -> str:
    """EXPLAIN of a search."""
    condition = where(LogQuery(apps=("shop",), **fields))
    rows = client.fetch(
        f"EXPLAIN indexes = 1 SELECT timestamp FROM logs {condition.clause} "
        "ORDER BY timestamp DESC, id DESC LIMIT 100",
        condition.params,
    )
    return "\n".join(row["explain"] for row in rows)


@pytest.fixture(autouse=True)
def _days(store: Callable[..., list[str]]) -> None:
    """Three days with two hundred lines each, and another app."""
    for day in range(3):
        moment = AT + timedelta(days=day)
        rows = [{"message": f"line {n} of day {day}", "timestamp": moment} for n in range(200)]
        store(*({**row, "received_at": moment} for row in rows))
    store({"message": "line", "app": "zoo"})


@pytest.mark.parametrize("q", ["absent", '"line 7"', "abse*", "line absent", "a.b.absent"])
def test_words_phrases_and_wildcards_use_the_text_index(q: str) -> None:
    assert "Name: message_words" in plan(q=q)


def test_a_word_nobody_wrote_reads_nothing() -> None:
    assert "Granules: 0/" in plan(q="absent")


def test_a_trace_nobody_has_reads_nothing() -> None:
    explained = plan(q="trace_id:4bf92f3577b34da6a3ce929d0e0e4736")
    assert "Granules: 0/" in explained.split("Name: trace")[1]


@pytest.mark.parametrize(
    "q", ["_exists_:status", "status:*", '-status:""', "status:>=500", "status:(a OR b*)"]
)
def test_of_the_attributes_only_the_one_asked_for_is_read(q: str) -> None:
    condition = where(LogQuery(apps=("shop",), q=q))
    rows = client.fetch(
        f"EXPLAIN header = 1, actions = 1 SELECT count() FROM logs {condition.clause}",
        condition.params,
    )
    read = re.findall(r"attributes[.\w]*", " ".join(row["explain"] for row in rows))
    assert set(read) == {"attributes.key_status"}


def test_a_time_range_reads_its_days_only() -> None:
    explained = plan(start=AT + timedelta(days=1), end=AT + timedelta(days=1, hours=1))
    assert "Parts: 1/" in explained.split("Min-Max")[1]


def test_the_newest_lines_are_read_in_the_order_of_the_key() -> None:
    explained = plan()
    assert "Read type: InReverseOrder" in explained
    assert "app in ['shop', 'shop']" in explained.split("PrimaryKey")[1]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Gives EXPLAIN of every statement about lines that was sent since."""
    sent: list[tuple[str, Any]] = []
    fetch = client.fetch

    def remembered(sql: str, params: Any = None, **limits: Any) -> list[dict[str, Any]]:
        sent.append((sql, params))
        return fetch(sql, params, **limits)

    monkeypatch.setattr(client, "fetch", remembered)

    def explained() -> list[str]:
        found = [fetch(f"EXPLAIN indexes = 1 {sql}", params) for sql, params in sent]
        return ["\n".join(row["explain"] for row in rows) for rows in found]

    return explained


QUERY = LogQuery(apps=("shop",), q="absent", start=AT, end=AT + timedelta(days=1))
QUESTIONS: dict[str, Callable[[], object]] = {
    "facets": lambda: facade.facet_logs(QUERY, ["level", "service", "status"]),
    "fields": lambda: facade.list_fields(QUERY),
    "aggregate": lambda: facade.aggregate_logs(QUERY, group_by=["service"], interval=3600),
    "requests": lambda: facade.group_requests(QUERY, by=["ip"], figures=["count"], needs="ip"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_uses_the_indexes(name: str, plans: Callable[[], list[str]]) -> None:
    """The text index for the word, and the parts of the day only."""
    QUESTIONS[name]()
    explained = plans()
    assert explained
    for text in explained:
        assert "Name: message_words" in text
        assert "Granules: 0/" in text
        assert "Parts: 1/" in text.split("Min-Max")[1]


def test_neighbours_are_read_in_the_order_of_the_key(plans: Callable[[], list[str]]) -> None:
    (record,) = facade.search_logs(LogQuery(apps=("shop",)), limit=1).records
    facade.get_context(("shop",), UUID(record["id"]), before=2, after=2)
    read = [text for text in plans()[2:] if "Read type: " in text]
    assert "Read type: InReverseOrder" in read[0]
    assert "app in ['shop', 'shop']" in read[0].split("PrimaryKey")[1]
    assert not any("Read type: Default" in text for text in read)


@pytest.mark.parametrize(
    ("fields", "lasting", "passing"),
    [
        ({"q": "status:500", "start": AT}, ["attributes["], ["app", "timestamp"]),
        ({"q": "NOT line", "host": ("a",)}, ["host IN", "hasAllTokens"], ["app"]),
        ({"q": "line status:500", "start": AT}, [], []),
        ({"host": ("a",), "start": AT}, [], []),
    ],
)
def test_what_says_the_same_at_any_time_is_asked_first(
    fields: dict[str, Any], lasting: list[str], passing: list[str]
) -> None:
    condition = where(LogQuery(apps=("shop",), **fields))
    assert bool(condition.lasting) == bool(lasting)
    assert all(part in condition.lasting for part in lasting)
    assert all(part in condition.passing for part in passing)
    assert not any(part in condition.lasting for part in passing)


def test_where_no_line_was_found_is_not_looked_at_again() -> None:
    def rows_read(start: datetime) -> int:
        condition = where(LogQuery(apps=("shop",), start=start, q="never:seen"))
        statement = f"SELECT count() FROM logs {condition.clause}"
        answer = client.client_of("reader").query(statement, condition.params)
        assert answer.result_rows == [(0,)]
        return int(answer.summary["read_rows"])

    assert rows_read(AT) == 600
    assert rows_read(AT - timedelta(minutes=1)) == 0


def test_lines_that_come_later_are_found(store: Callable[..., list[str]]) -> None:
    query = LogQuery(apps=("shop",), q="late:1")
    for n in range(3):
        assert len(facade.search_logs(query, limit=10).records) == facade.count_logs(query) == n
        store({"attributes": {"late": "1"}, "message": f"line {n}", "timestamp": AT})
