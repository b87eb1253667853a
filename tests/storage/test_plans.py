"""What the engine does for a search: words use the text index, times and apps the primary key."""

from collections.abc import Callable
from datetime import timedelta
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
        f"EXPLAIN indexes = 1 SELECT timestamp FROM logs WHERE {condition.text} "
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
