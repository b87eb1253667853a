"""The tail's predicate finds what the engine finds, for any query and any records."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import facade
from storage.clickhouse import client
from storage.query import render, to_sql
from storage.query.predicate import to_predicate
from storage.query.syntax import Node
from tests.storage.query.strategies import LETTERS, NUMERALS, TEXTS, TREES
from tests.storage.records import AT, make_frame

ROWS = st.fixed_dictionaries(
    {
        "message": st.lists(TEXTS, max_size=4).map(" ".join),
        "service": TEXTS,
        "host": TEXTS,
        "logger": TEXTS,
        "severity": st.integers(1, 24),
        "attributes": st.dictionaries(
            st.sampled_from(["status", "host", "user.id", "a b:c", "other"]), TEXTS, max_size=3
        ),
    }
)
SERVER = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def corpus(clickhouse: None) -> pl.DataFrame:
    """A few hundred records that are also in the engine, in several parts."""
    rows = [_example(number) for number in range(300)]
    frame = make_frame(rows)
    for number, part in enumerate(frame.iter_slices(120)):
        facade.write_logs(part, token=f"corpus-{number}")
    return frame


def _example(seed: int) -> dict[str, Any]:
    """A record of the strategy's words, the same on every run."""
    words = ["timeout", "Time", "reset", "connection reset", "500", "5e2", "500.0", "12.5", "-3"]
    words += [
        "nan",
        "inf",
        "web-1",
        "WEB-2",
        "a.b",
        "/health",
        "100%",
        "a_b",
        "x\\y",
        "é",
        "Écoute",
    ]
    words += ["ΟΔΟΣ", "'; drop", "[x]", "a\nb", '"', "", "x\0y", "9007199254740993", "aB", "1"]
    words += ["api,auth", '["api", "Auth"]', *NUMERALS, *LETTERS]
    pick = [words[(seed * step + step) % len(words)] for step in (1, 7, 11, 13, 17, 19, 23, 29)]
    keys = ["status", "host", "user.id", "a b:c", "tags", "level", "é"]
    return {
        "message": " ".join(pick[: seed % 4]),
        "service": pick[1],
        "host": pick[2],
        "logger": pick[3],
        "source": ["web", "WEB", "é"][seed % 3],
        "trace_id": pick[4],
        "severity": seed % 24 + 1,
        "anomaly_score": seed % 7 * 10,
        "pattern_id": seed % 11,
        "timestamp": AT + timedelta(milliseconds=100 * seed),
        "attributes": {key: pick[at] for at, key in enumerate(keys) if seed >> at & 1},
    }


@SERVER
@given(tree=TREES)
def test_engine_and_predicate_find_the_same_records(corpus: pl.DataFrame, tree: Node) -> None:
    condition = to_sql(tree)
    rows = client.fetch(
        f"SELECT toString(id) AS uuid FROM logs WHERE {condition.text}", condition.params
    )
    from_engine = sorted(int(row["uuid"][-8:], 16) for row in rows)
    from_predicate = corpus.filter(to_predicate(tree))["line"].sort().to_list()
    assert from_engine == from_predicate, (render(tree), condition)


@given(rows=st.lists(ROWS, min_size=1, max_size=5), tree=TREES)
def test_the_predicate_is_never_unknown(rows: list[dict[str, Any]], tree: Node) -> None:
    answer = make_frame(rows).select(pl.lit(value=True).and_(to_predicate(tree)))
    assert answer.to_series().null_count() == 0


def test_records_keep_their_order_and_get_ids(corpus: pl.DataFrame) -> None:
    found = facade.match_frame(corpus, "level>=warn")
    assert found["line"].is_sorted()
    assert facade.match_frame(corpus, "").height == corpus.height
    record = facade.records_of(found)[0]
    stored = facade.search_logs(
        facade.LogQuery(apps=("shop",), q=f"id:{record['id']}"), limit=10
    ).records
    assert stored == [record]
