"""Explanations over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_the_clause_that_finds_nothing_is_told(ask: Ask) -> None:
    body = ask("logs/explain", q="second service:atuh").json()
    assert set(body) == {"matched", "reasons", "is_complete", "took_ms"}
    assert (body["matched"], body["is_complete"]) == (0, True)
    assert body["reasons"] == [
        {
            "kind": "unknown_value",
            "clause": "service:atuh",
            "from": 7,
            "to": 19,
            "message": "No line of this time has service “atuh”.",
            "suggestions": [
                {
                    "text": "auth",
                    "q": "second service:auth",
                    "start": None,
                    "end": None,
                    "parameter": None,
                }
            ],
            "count_without": 1,
        }
    ]


def test_what_finds_something_needs_no_reason(ask: Ask) -> None:
    body = ask("logs/explain", q="second").json()
    assert (body["matched"], body["reasons"]) == (1, [])
