"""Completion over HTTP."""

import pytest

from tests.analytics.asking import MARKER, Ask

pytestmark = pytest.mark.django_db


def test_suggestions_say_what_to_replace(ask: Ask) -> None:
    body = ask("logs/suggest", q="second OR service:a", cursor=19).json()
    assert set(body) == {"from", "to", "kind", "items", "took_ms"}
    assert (body["from"], body["to"], body["kind"]) == (18, 19, "value")
    assert body["items"] == [
        {"text": "auth", "insert": "auth", "kind": "value", "detail": "", "count": 1}
    ]


def test_the_query_need_not_be_readable(ask: Ask) -> None:
    for q in ('"open', "a AND", "level:", "level:lo", "(", "a)", ""):
        assert ask("logs/suggest", q=q).status_code == 200
    assert ask("logs/suggest").json()["items"]


def test_a_cursor_beyond_the_query_is_at_its_end(ask: Ask) -> None:
    body = ask("logs/suggest", q="lev", cursor="999999999").json()
    assert (body["from"], body["to"], body["items"][0]["insert"]) == (0, 3, "level:")


@pytest.mark.parametrize(
    "parameters",
    [
        *({"cursor": "-1"}, {"cursor": "x"}, {"q": "x" * 10_000}),
        *({"limit": "x"}, {"limit": "0"}, {"limit": "51"}),
    ],
)
def test_what_cannot_be_asked_is_refused(ask: Ask, parameters: dict[str, str]) -> None:
    assert ask("logs/suggest", **parameters).status_code == 400


def test_names_of_other_apps_are_not_suggested(ask: Ask) -> None:
    for q in ("mar", "service:", "service:mar", "_exists_:mar", "app:", f"{MARKER}:"):
        body = ask("logs/suggest", q=q, start="now-7d").json()
        assert not [item for item in body["items"] if "bravo" in item["text"]]
