"""Suggestions from stored lines."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage.contracts import InvalidLimit, LogQuery
from storage.query import parse_query
from storage.questions import suggest as module
from storage.questions.suggest import Suggestions, as_value, suggest
from tests.storage.records import AT

Store = Callable[..., list[str]]
QUERY = LogQuery(apps=("shop",), start=AT - timedelta(hours=1), end=AT + timedelta(hours=1))


@pytest.fixture(autouse=True)
def _lines(store: Store) -> None:
    store(
        *({"service": "auth", "attributes": {"status": str(200 + n)}} for n in range(3)),
        {"service": "audit log", "severity": 17, "attributes": {"http.status": "500"}},
        {"service": "Payment", "attributes": {"path": "/a b", "a b": "x", "host": "inner"}},
        {"app": "other", "service": "auth-secret", "attributes": {"secret": "x"}},
    )


def ask(marked: str, **fields: object) -> Suggestions:
    """What is suggested at | in a query."""
    query = LogQuery(**{"apps": ("shop",), "start": QUERY.start, "end": QUERY.end, **fields})
    return suggest(query, marked.replace("|", "", 1), marked.index("|"))


def texts(marked: str) -> list[str]:
    return [item.text for item in ask(marked).items]


def test_names_that_begin_so_come_first() -> None:
    found = ask("s|")
    assert (found.start, found.end, found.kind) == (0, 1, "field")
    assert texts("s|")[:4] == ["service", "source", "severity", "status"]
    assert "http.status" in texts("s|")
    status = next(item for item in found.items if item.text == "status")
    assert (status.insert, status.detail, status.count) == ("status:", "number", 3)
    assert "secret" not in texts("s|")


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("serv|", "service:"),
        ("x (service:auth OR ht|", "http.status:"),
        ("attributes.ho|", "attributes.host:"),
        ("a|", None),
        ("_exists_:http|", "http.status"),
        ("_ex|", "_exists_:"),
        ("service:auth an|", None),
        ("service:auth NO|", "NOT "),
        ("b|", "a\\ b:"),
    ],
)
def test_a_name_is_inserted_as_a_query_has_to_write_it(marked: str, first: str | None) -> None:
    found = ask(marked).items
    assert first is None or found[0].insert == first


def test_after_a_term_operators_and_names_are_suggested() -> None:
    found = ask("service:auth |")
    assert found.kind == "operator"
    assert [item.text for item in found.items[:3]] == ["AND", "OR", "NOT"]
    assert "service" in [item.text for item in found.items]
    assert "AND" in texts("service:auth an|")


def test_values_come_with_counts_the_most_frequent_first() -> None:
    found = ask("service:|")
    assert (found.kind, found.start, found.end) == ("value", 8, 8)
    assert [(item.text, item.insert, item.count) for item in found.items] == [
        ("auth", "auth", 3),
        ("Payment", "Payment", 1),
        ("audit log", '"audit log"', 1),
    ]


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        ("service:au|", ["auth", "audit log"]),
        ("service:(Payment OR A|", ["auth", "audit log", "Payment"]),
        ('service:"audit l|', ["audit log"]),
        ("service:zzz|", []),
        ("path:|", ["/a b"]),
        ("attributes.host:|", ["inner"]),
        ("host:|", []),
        ("app:|", ["shop"]),
        ("level:|", ["fatal", "error", "warn", "info", "debug", "trace"]),
        ("level>=wa|", ["warn"]),
        ("timestamp:>|", ["now-15m", "now-1h", "now-1d"]),
        ("message:|", []),
        ("id:|", []),
        ("none:|", []),
        ("x" * 500 + ":a|", []),
        ("it's\\\"[0]:|", []),
    ],
)
def test_values_of_each_kind_of_field(marked: str, found: list[str]) -> None:
    assert texts(marked) == found


def test_tags_are_suggested_one_by_one(store: Store) -> None:
    store(*({"attributes": {"tags": tags}} for tags in ("api,auth", "auth")))
    for field in ("tag", "tags"):
        found = {item.text: item.count for item in ask(f"{field}:|").items}
        assert found == {"auth": 2, "api": 1}
    assert texts("tag:ap|") == ["api"]


def test_levels_have_counts() -> None:
    counts = {item.text: item.count for item in ask("level:|").items}
    assert counts == {"fatal": 0, "error": 1, "warn": 0, "info": 4, "debug": 0, "trace": 0}


def test_numbers_can_be_compared() -> None:
    assert texts("status:|") == ["200", "201", "202", ">=", ">", "<=", "<"]
    named = ask("status|").items
    assert [item.insert for item in named[:4]] == ["status:>=", "status:>", "status:<=", "status:<"]


def test_a_value_hardly_a_line_has_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.questions.sample.SLICE_LINES", 5)
    store(*({"service": f"s{n}", "timestamp": AT + timedelta(seconds=n)} for n in range(60)))
    assert texts("service:s59|") == ["s59"]


def test_a_name_that_no_line_of_the_sample_has_is_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of one kind come together: here two of each tenth of the range are looked at."""
    monkeypatch.setattr(module, "FIELD_LINES", 2)
    store(*({"attributes": {"Stamp it": "5", "stalled": ""}} for _ in range(9)))
    (found,) = ask("stam|").items[:1]
    assert (found.insert, found.detail, found.count) == ("Stamp\\ it:", "number", 2)
    assert texts("attributes.stam|") == ["attributes.Stamp\\ it"]
    assert texts("stamp\\ i|") == ["Stamp\\ it"]
    assert texts("secr|") == []


def test_nothing_is_suggested_where_nothing_can_be_read() -> None:
    found = ask("a) b|")
    assert (found.items, found.start, found.end) == ([], 4, 4)


def test_the_number_of_items_is_bounded() -> None:
    assert len(suggest(QUERY, "", 0, limit=2).items) == 2
    for limit in (0, module.MAX_ITEMS + 1):
        with pytest.raises(InvalidLimit):
            suggest(QUERY, "", 0, limit=limit)
    assert suggest(LogQuery(apps=()), "service:", 8).items == []


@pytest.mark.parametrize(
    "value", ["a", "a b", 'say "hi"', "AND", "/x/", "*", "a\\b", "", "-", ">5", "[1"]
)
def test_a_value_is_read_back_as_it_was(value: str) -> None:
    node = parse_query(f"x:{as_value(value)}")
    assert getattr(node, "text", None) == value
