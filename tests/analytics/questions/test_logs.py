"""Pages of lines over HTTP."""

import pytest

from tests.analytics.asking import Ask, messages

pytestmark = pytest.mark.django_db


def test_lines_come_newest_first_with_a_cursor_to_the_rest(ask: Ask) -> None:
    first = ask("logs", limit=2)
    assert messages(first) == ["third", "second"]
    body = first.json()
    assert set(body) == {"results", "next", "took_ms"}
    second = ask("logs", limit=2, cursor=body["next"])
    assert messages(second) == ["first timeout"]
    assert second.json()["next"] is None
    assert messages(ask("logs", order="asc", limit=1)) == ["first timeout"]
