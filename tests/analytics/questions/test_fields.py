"""Fields over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_fields_are_listed(ask: Ask) -> None:
    body = ask("logs/fields").json()
    assert set(body) == {"fields", "sampled", "is_truncated", "took_ms"}
    assert body["sampled"] == 3
    service = next(field for field in body["fields"] if field["name"] == "service")
    assert service == {
        "name": "service",
        "type": "text",
        "is_attribute": False,
        "count": 1,
        "share": 0.3333,
        "cardinality": 1,
    }
    assert not body["is_truncated"]
    few = ask("logs/fields", limit=2).json()
    assert (len(few["fields"]), few["is_truncated"]) == (2, True)
