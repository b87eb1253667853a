"""Templates and unusual lines over HTTP."""

from typing import Any

import pytest

from logplatform.kernel import clock
from logplatform.kernel.templates import pattern_id_of
from tests.analytics.test_views import NOW, Ask, as_key
from tests.factories import make_roles
from tests.storage.conftest import store  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(store: Any) -> Any:  # noqa: F811 - the fixture
    """GET with a key of alpha, which has four lines of two kinds."""
    people = make_roles()
    failed = {"app": "alpha", "pattern_id": pattern_id_of("job 1 failed")}
    store(
        *({**failed, "message": f"job {n} failed", "severity": 17} for n in range(3)),
        {"app": "alpha", "message": "all well", "pattern_id": pattern_id_of("all well")},
        {**failed, "app": "bravo", "message": "job 7 failed", "severity": 21},
    )
    with clock.frozen(NOW):
        yield as_key(people.a.query_key)


def test_templates_are_listed(ask: Ask) -> None:
    body = ask("logs/patterns").json()
    assert set(body) == {"patterns", "total", "distinct", "took_ms"}
    first = body["patterns"][0]
    assert (first["template"], first["count"], first["level"]) == ("job <*> failed", 3, "ERROR")
    found = ask("logs", q=f"pattern_id:{first['pattern_id']}").json()["results"]
    assert len(found) == 3
    rare = ask("logs/patterns", sort="rare", limit=1).json()["patterns"]
    assert [pattern["template"] for pattern in rare] == ["all well"]


@pytest.fixture
def ask_scored(store: Any) -> Any:  # noqa: F811 - the fixture
    """GET with a key of alpha, which has lines of three scores."""
    people = make_roles()
    store(
        {"app": "alpha", "message": "fine"},
        {"app": "alpha", "message": "odd", "severity": 13, "anomaly_score": 15},
        {
            "app": "alpha",
            "message": "it failed",
            "severity": 17,
            "anomaly_score": 90,
            "attributes": {"status": "503"},
        },
    )
    with clock.frozen(NOW):
        yield as_key(people.a.query_key)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["it failed"]),
        ({"min_score": 15, "order": "asc"}, ["it failed", "odd"]),
        ({"min_score": 100}, []),
        ({"min_score": 1, "q": "odd OR fine"}, ["odd"]),
    ],
)
def test_unusual_lines_are_found(
    ask_scored: Ask, parameters: dict[str, Any], found: list[str]
) -> None:
    results = ask_scored("logs/anomalies", **parameters).json()["results"]
    assert sorted(record["message"] for record in results) == found


def test_unusual_lines_come_with_the_reasons_in_pages(ask_scored: Ask) -> None:
    seen = []
    cursor: dict[str, Any] = {}
    while True:
        page = ask_scored("logs/anomalies", min_score=1, limit=1, **cursor).json()
        seen += page["results"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    by_message = {record["message"]: record for record in seen}
    assert set(by_message) == {"it failed", "odd"}
    assert by_message["it failed"]["reasons"] == [
        {"code": "severity", "points": 40, "text": "The level is error."},
        {"code": "status", "points": 30, "text": "The HTTP status is 503."},
        {"code": "word", "points": 20, "text": "The message says “failed”."},
    ]
