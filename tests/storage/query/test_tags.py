"""`tag:auth` finds a tag among several, in the engine and in live tails alike."""

from collections.abc import Callable

import pytest

from storage.contracts import LogQuery
from storage.query.fields import Field, Kind, written
from storage.search import search_logs

Store = Callable[..., list[str]]
ROWS = {
    "both": "api,auth",
    "one": "auth",
    "longer": "authority",
    "list": '["auth", "eu"]',
    "none": "",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tag:auth", {"both", "one", "list"}),
        ("tags:AUTH", {"both", "one", "list"}),
        ('tag:"auth"', {"both", "one", "list"}),
        ("tag:a*h", {"both", "one", "list"}),
        ("tag:au?h", {"both", "one", "list"}),
        ("tag:auth*", {"both", "one", "longer", "list"}),
        ("tag:(api OR eu)", {"both", "list"}),
        ("-tag:auth", {"longer", "none"}),
        ("tag:.*", set()),
        ("attributes.tags:auth", {"one"}),
        ("_exists_:tag", {"both", "one", "longer", "list"}),
    ],
)
def test_a_tag_is_found_among_several(store: Store, query: str, expected: set[str]) -> None:
    rows = [
        {"message": name, "attributes": {"tags": tags} if tags else {}}
        for name, tags in ROWS.items()
    ]
    store(*rows)
    page = search_logs(LogQuery(apps=("shop",), q=query), limit=10)
    assert {record["message"] for record in page.records} == expected


def test_names_are_written_so_that_they_mean_the_same() -> None:
    assert written(Field(name="tags", kind=Kind.ATTRIBUTE)) == "tags"
    assert written(Field(name="tag", kind=Kind.ATTRIBUTE)) == "attributes.tag"
