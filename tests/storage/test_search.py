"""Searching the real engine: every form of the language, pages, cursors, tenants."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.conf import settings
from django.core import signing
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from logplatform.kernel.errors import PlatformError
from storage import facade
from storage.contracts import InvalidCursor, InvalidLimit, LogQuery, TimeRangeReversed
from storage.query import render
from storage.query.syntax import Node
from storage.where import where
from tests.storage.query.strategies import TREES
from tests.storage.records import AT, make_frame

Store = Callable[..., list[str]]
SCENARIOS = yaml.safe_load((Path(__file__).parent / "scenarios" / "search.yaml").read_text())


def found(q: str = "", *, apps: tuple[str, ...] = ("shop",), **fields: Any) -> list[str]:
    """Messages of a search, in order."""
    page = facade.search_logs(LogQuery(apps=apps, q=q, **fields), limit=1000)
    return [record["message"] for record in page.records]


def documented_queries() -> set[str]:
    """What stands in the first column of the tables of queries."""
    queries = set()
    for page in ("query-language.md", "explorer.md"):
        for table in (Path(settings.BASE_DIR) / "docs" / page).read_text().split("\n\n"):
            if table.startswith("| query |"):
                cells = re.findall(r"^\| (.+?) \| ", table, re.MULTILINE)[1:]
                queries |= {q.replace(r"\|", "|") for cell in cells for q in _CODE.findall(cell)}
    return queries


_CODE = re.compile(r"`([^`]+)`")


def test_every_documented_query_has_a_scenario() -> None:
    queries = documented_queries()
    assert len(queries) > 50
    assert queries - {str(search["q"]) for search in SCENARIOS["searches"]} == set()


@pytest.mark.usefixtures("clickhouse")
class TestScenarios:
    """The searches of `scenarios/search.yaml`."""

    @pytest.fixture(autouse=True)
    def _records(self, store: Store) -> None:
        rows = [
            {"timestamp": AT + timedelta(seconds=number), **row}
            for number, row in enumerate(SCENARIOS["records"].values())
        ]
        store(*rows, {"message": "Connection timeout, the secret of another app", "app": "other"})

    def test_every_search_finds_what_it_says(self) -> None:
        names = {row["message"]: name for name, row in SCENARIOS["records"].items()}
        wrong = {}
        for search in SCENARIOS["searches"]:
            names_found = [names.get(text, text) for text in found(str(search["q"]))]
            if names_found != search["finds"]:
                wrong[search["q"]] = names_found
        assert not wrong

    def test_a_live_tail_finds_the_same(self) -> None:
        names = list(SCENARIOS["records"])
        rows = [
            {"timestamp": AT + timedelta(seconds=number), **row}
            for number, row in enumerate(SCENARIOS["records"].values())
        ]
        frame = make_frame(rows)
        wrong = {}
        for search in SCENARIOS["searches"]:
            lines = facade.match_frame(frame, str(search["q"]))["line"].to_list()
            if (found := [names[line] for line in reversed(lines)]) != search["finds"]:
                wrong[search["q"]] = found
        assert not wrong


def test_a_record_reads_back_as_it_was_stored(store: Store) -> None:
    row = {
        "timestamp": datetime(2026, 11, 22, 10, 0, 0, 120_000, tzinfo=UTC),
        "severity": 14,
        "message": "zeile\n\0 \u2028 ünï 'quoted' \"and\" \\",
        "service": "auth",
        "trace_id": "abc",
        "attributes": {"a.b": "1", "c d'": "ü\n\\"},
        "pattern_id": 2**64 - 1,
        "anomaly_score": 100,
    }
    (record_id,) = store(row)
    (record,) = facade.search_logs(LogQuery(apps=("shop",)), limit=1).records
    assert record == facade.get_log(("shop",), UUID(record_id))
    assert record == {
        "id": record_id,
        "timestamp": "2026-11-22T10:00:00.120Z",
        "received_at": "2026-11-22T10:00:00Z",
        "app": "shop",
        "source": "web",
        "service": "auth",
        "host": "",
        "logger": "",
        "severity": 14,
        "level": "WARN",
        "message": row["message"],
        "trace_id": "abc",
        "span_id": "",
        "attributes": row["attributes"],
        "pattern_id": 2**64 - 1,
        "anomaly_score": 100,
    }


def test_pages_meet_without_gap_or_repeat_within_one_moment(store: Store) -> None:
    store(*({"message": f"{number:02}"} for number in range(25)), token="one")
    query = LogQuery(apps=("shop",))
    seen, cursor = [], None
    while True:
        page = facade.search_logs(query, limit=10, cursor=cursor)
        seen += [record["message"] for record in page.records]
        cursor = page.next
        if cursor is None:
            break
        store({"message": "newer", "timestamp": AT + timedelta(hours=len(seen))})
    assert seen == [f"{number:02}" for number in reversed(range(25))]
    assert (page.is_truncated, len(page.records)) == (False, 5)


def test_pages_run_in_both_orders(store: Store) -> None:
    store(*({"message": str(n), "timestamp": AT + timedelta(seconds=n)} for n in range(4)))
    query = LogQuery(apps=("shop",), order="asc")
    first = facade.search_logs(query, limit=2)
    second = facade.search_logs(query, limit=2, cursor=first.next)
    texts = [record["message"] for record in (*first.records, *second.records)]
    assert (texts, second.next) == (["0", "1", "2", "3"], None)


def test_a_foreign_or_changed_cursor_is_refused(store: Store) -> None:
    store(*({"message": str(number)} for number in range(3)))
    query = LogQuery(apps=("shop",), q="NOT x")
    cursor = facade.search_logs(query, limit=1).next
    assert cursor
    others = [
        LogQuery(apps=("other",), q="NOT x"),
        LogQuery(apps=("other", "shop"), q="NOT x"),
        LogQuery(apps=("shop",), q="NOT y"),
        LogQuery(apps=("shop",), q="NOT x", order="asc"),
        LogQuery(apps=("shop",), q="NOT x", level=("error",)),
    ]
    for other in others:
        with pytest.raises(InvalidCursor):
            facade.search_logs(other, limit=1, cursor=cursor)
    forged = [cursor[:-1], "x" + cursor, "", "x", signing.dumps([1, "x", "y"]), "é\0"]
    for text in filter(None, forged):
        with pytest.raises(InvalidCursor):
            facade.search_logs(query, limit=1, cursor=text)


@pytest.mark.parametrize("limit", [-1, 0, 1001, 10**9])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InvalidLimit):
        facade.search_logs(LogQuery(apps=("shop",)), limit=limit)


def test_the_range_includes_its_start_and_not_its_end(store: Store) -> None:
    store(*({"message": str(n), "timestamp": AT + timedelta(seconds=n)} for n in range(3)))
    start, end = AT, AT + timedelta(seconds=2)
    assert found(start=start, end=end) == ["1", "0"]
    assert found(start=start, end=start) == []
    with pytest.raises(TimeRangeReversed):
        LogQuery(apps=("shop",), start=end, end=start)


def test_ranges_at_the_ends_of_time_are_answered(store: Store) -> None:
    store({"message": "here"})
    low, high = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert found(start=low, end=high) == ["here"]


def test_plain_filters_narrow_the_query(store: Store) -> None:
    store(
        {"message": "a", "service": "auth", "host": "h1", "severity": 17},
        {"message": "b", "service": "auth'", "host": "h2", "source": "db"},
        {"message": "c", "service": "cart", "host": "h1", "severity": 21},
    )
    assert found(service=("auth", "auth'")) == ["b", "a"]
    assert found(level=("error", "FATAL")) == ["c", "a"]
    assert found("a OR b", host=("h1",)) == ["a"]
    assert found(source=("db",)) == ["b"]
    with pytest.raises(PlatformError, match="no level"):
        found(level=("loud",))


def test_nothing_is_found_for_no_apps_or_for_others(store: Store) -> None:
    (record_id,) = store({"message": "mine"})
    for apps in ((), ("other",), ("", "shop' OR 1=1 --")):
        assert found(apps=apps) == []
        assert facade.get_log(apps, UUID(record_id)) is None
        assert facade.count_logs(LogQuery(apps=apps)) == 0
    assert found(apps=("other", "shop")) == ["mine"]


def test_a_record_is_found_by_its_id_whenever_it_happened(store: Store) -> None:
    moments = [AT, AT + timedelta(microseconds=999_999), datetime(1969, 7, 20, tzinfo=UTC)]
    ids = store(*({"message": str(moment), "timestamp": moment} for moment in moments))
    for record_id, moment in zip(ids, moments, strict=True):
        record = facade.get_log(("shop",), UUID(record_id))
        assert record
        assert record["message"] == str(moment)
    for unknown in (
        UUID(int=0),
        UUID(int=2**128 - 1),
        UUID("01a204b2-8b0f-7fff-8000-1ef000000000"),
    ):
        assert facade.get_log(("shop",), unknown) is None


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=TREES)
def test_no_query_reaches_another_app(tree: Node) -> None:
    condition = where(LogQuery(apps=("shop",), q=render(tree)))
    assert condition.text.startswith("(app = {app:String}) AND (") or condition.text == (
        "(app = {app:String})"
    )
    assert condition.params["app"] == "shop"
    closing = _depths(condition.text)
    assert min(closing[:-1]) >= 0
    assert closing[-1] == 0


def _depths(sql: str) -> list[int]:
    """Parenthesis depth after each character: never below zero, so nothing escapes its AND."""
    depths, depth = [], 0
    for char in sql:
        depth += (char == "(") - (char == ")")
        depths.append(depth)
    return depths


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    "q", ["status:(" + " ".join(f"{n}" for n in range(499)) + ")", " OR ".join("a" * 450),
          "-(" * 50 + "a" + ")" * 50, "*a*b*c*d*e*", "/(a{1,100}){1,9}/", "x" * 8_192]
)  # fmt: skip
def test_the_largest_queries_allowed_are_answered(q: str) -> None:
    assert found(q) == []
