"""Values of fields over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_values_are_counted(ask: Ask) -> None:
    body = ask("logs/facets", fields="level, service,attributes.x", limit=1).json()
    assert set(body) == {"fields", "missing", "chosen", "truncated", "took_ms"}
    assert body["fields"] == {
        "level": [{"value": "INFO", "count": 2}],
        "service": [{"value": "auth", "count": 1}],
        "attributes.x": [],
    }
    assert body["missing"] == {"level": 0, "service": 2, "attributes.x": 3}


def test_what_is_cut_off_is_marked(ask: Ask) -> None:
    """Whether or not some lines have no value."""
    for limit, cut in ((1, ["level", "message"]), (2, ["message"]), (3, [])):
        body = ask("logs/facets", fields="level,service,message", limit=limit).json()
        assert body["truncated"] == cut
        assert max(len(values) for values in body["fields"].values()) == limit


def test_some_fields_are_usual(ask: Ask) -> None:
    assert list(ask("logs/facets").json()["fields"]) == ["level", "service", "host", "source"]


def test_a_backslash_keeps_a_comma_in_a_name(ask: Ask) -> None:
    assert list(ask("logs/facets", fields="a\\,b,c").json()["fields"]) == ["a\\,b", "c"]
