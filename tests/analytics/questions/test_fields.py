"""Fields over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_fields_are_listed(ask: Ask) -> None:
    body = ask("logs/fields").json()
    assert set(body) == {"fields", "sampled", "took_ms"}
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
    assert len(ask("logs/fields", limit=2).json()["fields"]) == 2
