"""What the engine does for a search: words use the text index, times and apps the primary key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

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
