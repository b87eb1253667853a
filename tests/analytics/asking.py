"""Who asks the search API in tests, and of whose lines."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from tests.storage.records import AT

Ask = Callable[..., Any]
NOW = AT + timedelta(minutes=1)
MARKER = "marker-of-bravo"


def as_key(key: str) -> Ask:
    """GET below /api/v1 with a key."""
    client = Client(raise_request_exception=False)

    def get(path: str, **parameters: Any) -> Any:
        return client.get(f"/api/v1/{path}", parameters, headers={"Authorization": f"Bearer {key}"})

    return get


def as_person(user: Any) -> Ask:
    """GET below /api/v1 as a person who signed in."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return lambda path, **parameters: client.get(f"/api/v1/{path}", parameters)


def messages(answer: Any) -> list[str]:
    """Messages of a page."""
    assert answer.status_code == 200, answer.content
    return [record["message"] for record in answer.json()["results"]]
