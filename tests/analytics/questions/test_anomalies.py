"""Unusual lines over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask_scored(ask_of: Callable[..., Ask]) -> Ask:
    """GET with a key of alpha, which has lines of three scores."""
    return ask_of(
        {"message": "fine"},
        {"message": "odd", "severity": 13, "anomaly_score": 15},
        {
            "message": "it failed",
            "severity": 17,
            "anomaly_score": 90,
            "attributes": {"status": "503"},
        },
    )


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
