"""Which fields there are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.contracts import InvalidLimit, LogQuery
from storage.questions import sample
from storage.questions.fields import FieldInfo, list_fields
from storage.questions.sample import sample_of
from tests.storage.records import AT

Store = Callable[..., list[str]]
DAY = LogQuery(apps=("shop",), start=AT - timedelta(hours=1), end=AT + timedelta(hours=1))


def test_fields_have_type_share_and_cardinality(store: Store) -> None:
    store(
        *(
            {"service": "auth", "attributes": {"status": str(200 + n), "path": f"/{n % 2}"}}
            for n in range(3)
        ),
        {"severity": 17, "attributes": {"host": "inner", "a b": "", "status": "504"}},
        {"app": "other", "attributes": {"secret": "x"}},
    )
    found = list_fields(DAY)
    fields = {field.name: field for field in found.fields}
    assert found.sampled == 4
    assert fields["status"] == FieldInfo(
        name="status", type="number", is_attribute=True, count=4, share=1.0, cardinality=4
    )
    assert (fields["path"].type, fields["path"].share, fields["path"].cardinality) == (
        "text",
        0.75,
        2,
    )
    assert (fields["level"].type, fields["level"].cardinality) == ("level", 2)
    assert (fields["service"].count, fields["service"].is_attribute) == (3, False)
    assert {fields[name].type for name in ("timestamp", "received_at")} == {"time"}
    assert (fields["id"].type, fields["severity"].type) == ("id", "level")
    assert "attributes.host" in fields
    assert not {"a b", "secret", "host", "trace_id", "pattern_id"} & set(fields)
    assert [field.count for field in found.fields] == sorted(
        (field.count for field in found.fields), reverse=True
    )


def test_names_are_written_as_a_query_has_to(store: Store) -> None:
    names = ["a b", 'say"x', "a:b", "attributes.x", "_exists_", "-x", "AND", "message", "é"]
    store({"attributes": dict.fromkeys(names, "1")})
    for field in list_fields(DAY).fields:
        if field.is_attribute:
            query = LogQuery(apps=("shop",), q=f"{field.name}:1", start=DAY.start, end=DAY.end)
            assert list_fields(query).sampled == 1, field.name


def test_every_part_of_the_range_gives_lines(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SLICE_LINES", 2)
    minutes = timedelta(minutes=1)
    store(*({"timestamp": AT + n * minutes, "service": f"s{n // 6}"} for n in range(60)))
    query = LogQuery(apps=("shop",), start=AT, end=AT + 60 * minutes)
    found = list_fields(query)
    (service,) = [field for field in found.fields if field.name == "service"]
    assert (found.sampled, service.count, service.cardinality) == (20, 20, 10)


def test_fields_of_lines_that_came_by_themselves_are_listed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "SLICE_LINES", 2)
    store(*({"attributes": {"a": "x"}} for _ in range(30)), token="first")
    imported = {"status": "200", "user agent": "curl"}
    store(*({"message": "GET", "attributes": imported} for _ in range(10)), token="second")
    for q in ("", "NOT nothing", "* OR none\\"):
        fields = list_fields(replace(DAY, q=q)).fields
        assert {"a", "status", "user\\ agent"} <= {field.name for field in fields}, q
    found = {field.name: field for field in list_fields(DAY).fields}
    assert (found["status"].type, found["user\\ agent"].type) == ("number", "text")
    # The sample is of either kind; of the other, all lines tell the share.
    assert {found["a"].share, found["status"].share} in ({1.0, 0.25}, {0.75, 1.0})
    assert all(0 < found[name].count <= 4 for name in ("a", "status"))


def test_an_open_or_tiny_range_is_one_part() -> None:
    assert sample_of(LogQuery(apps=("shop",)), "id").text.count("SELECT") == 1
    assert sample_of(LogQuery(apps=("shop",), start=AT, end=AT), "id").text.count("SELECT") == 1


@pytest.mark.usefixtures("clickhouse")
def test_of_nothing_there_are_no_fields() -> None:
    for apps in ((), ("shop",)):
        found = list_fields(LogQuery(apps=apps))
        assert (found.fields, found.sampled) == ([], 0)
    with pytest.raises(InvalidLimit):
        list_fields(DAY, limit=0)
