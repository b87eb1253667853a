"""Values of fields, counted in one scan."""

from collections.abc import Callable
from typing import Any

import pytest

from storage.contracts import InvalidField, InvalidLimit, LogQuery, TooManyFields
from storage.counts import count_logs
from storage.questions.facets import facet_logs

Store = Callable[..., list[str]]
ROWS = [
    {"service": "auth", "severity": 17, "attributes": {"status": "500", "a b": "x"}},
    {"service": "auth", "severity": 18, "attributes": {"status": "200"}, "pattern_id": 2**64 - 1},
    {"service": "cart", "severity": 9, "attributes": {"status": "200", "service": "inner"}},
    {"severity": 9, "attributes": {"status": ""}, "host": "web"},
    {"app": "other", "service": "secret", "severity": 24, "attributes": {"status": "999"}},
]


def facets(*fields: str, limit: int = 10, **query: Any) -> dict[str, list[tuple[str, int]]]:
    found = facet_logs(LogQuery(apps=("shop",), **query), fields, limit=limit)
    assert list(found.fields) == list(found.missing) == list(fields)
    return {
        name: [(value.value, value.count) for value in values]
        for name, values in found.fields.items()
    }


def test_several_fields_are_counted_at_once(store: Store) -> None:
    store(*ROWS)
    assert facets("level", "service", "attributes.status", "host") == {
        "level": [("ERROR", 2), ("INFO", 2)],
        "service": [("auth", 2), ("cart", 1)],
        "attributes.status": [("200", 2), ("500", 1)],
        "host": [("web", 1)],
    }


def test_lines_without_a_value_are_missing(store: Store) -> None:
    store(*ROWS)
    fields = ("level", "service", "status", "none", "pattern_id")
    found = facet_logs(LogQuery(apps=("shop",)), fields, limit=1)
    assert found.missing == {"level": 0, "service": 1, "status": 1, "none": 4, "pattern_id": 3}
    assert [len(values) for values in found.fields.values()] == [1, 1, 1, 0, 1]


FIELDS = ["level", "severity", "service", "host", "status", "a\\ b", "none", "pattern_id"]


@pytest.mark.parametrize("field", [*FIELDS, "anomaly_score", "attributes.service", "trace_id"])
def test_what_is_missing_is_what_exists_does_not_find(store: Store, field: str) -> None:
    store(*ROWS)
    missing = facet_logs(LogQuery(apps=("shop",)), [field]).missing[field]
    assert count_logs(LogQuery(apps=("shop",), q=f"-_exists_:{field}")) == missing
    assert count_logs(LogQuery(apps=("shop",), q=f"{field}:*")) == 4 - missing


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("severity", [("9", 2), ("17", 1), ("18", 1)]),
        ("pattern_id", [("18446744073709551615", 1)]),
        ("anomaly_score", [("0", 4)]),
        ("attributes.service", [("inner", 1)]),
        ("a b", [("x", 1)]),
        ("a\\ b", [("x", 1)]),
        ("app", [("shop", 4)]),
        ("message", []),
        ("no'such\"[field]", []),
    ],
)
def test_each_kind_of_field_has_its_values(
    store: Store, field: str, values: list[tuple[str, int]]
) -> None:
    store(*ROWS)
    assert facets(field) == {field: values}


def test_the_query_narrows_what_is_counted(store: Store) -> None:
    store(*ROWS)
    assert facets("status", q="level:error") == {"status": [("200", 1), ("500", 1)]}
    assert facets("status", q="app:other") == {"status": []}
    assert facet_logs(LogQuery(apps=()), ["status"]).missing == {"status": 0}


def test_what_cannot_be_counted_is_refused() -> None:
    query = LogQuery(apps=("shop",))
    for field in ("id", "timestamp", "received_at", "", "x" * 301):
        with pytest.raises(InvalidField):
            facet_logs(query, [field])
    with pytest.raises(TooManyFields):
        facet_logs(query, [f"f{number}" for number in range(21)])
    with pytest.raises(InvalidField, match="it is a time; `interval`"):
        facet_logs(query, ["timestamp"])
    for limit in (0, 1_001):
        with pytest.raises(InvalidLimit):
            facet_logs(query, ["service"], limit=limit)


def test_tags_are_counted_one_by_one(store: Store) -> None:
    store(
        {"attributes": {"tags": "api,auth", "status": "200"}},
        {"attributes": {"tags": "auth"}},
        {"attributes": {"status": "500"}},
    )
    found = facet_logs(LogQuery(apps=("shop",)), ("tags", "attributes.status"))
    assert [(value.value, value.count) for value in found.fields["tags"]] == [
        ("auth", 2),
        ("api", 1),
    ]
    assert found.missing == {"tags": 1, "attributes.status": 1}
    assert facets("attributes.tags")["attributes.tags"] == [("api,auth", 1), ("auth", 1)]


def test_a_field_with_too_many_values_has_the_most_frequent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.questions.preselect.EXACT_GROUPS", 4)
    few = {"service": "auth", "attributes": {"tags": "a,b"}}
    store(
        *({**few, "trace_id": f"t{n}"} for n in range(40)),
        *[{**few, "trace_id": "often"}] * 3,
        {"trace_id": ""},
    )
    found = facet_logs(LogQuery(apps=("shop",)), ["trace_id", "service", "tags"], limit=2)
    assert found.chosen == ["trace_id"]
    assert found.missing == {"trace_id": 1, "service": 1, "tags": 1}
    values = {name: [(one.value, one.count) for one in some] for name, some in found.fields.items()}
    assert values["trace_id"][0] == ("often", 3)
    assert len(values["trace_id"]) == 2
    assert values["service"] == [("auth", 43)]
    assert values["tags"] == [("a", 43), ("b", 43)]
