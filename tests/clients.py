"""Clients of the pages and the API, as the people of `tests.factories` have them."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client


def signed_in(user: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(user)
    return client


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    """The answer of /api/v1; `body` goes as JSON, but text as it is."""
    text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")


class Api:
    """Requests of one signed-in person."""

    def __init__(self, user: User) -> None:
        self.client = signed_in(user)

    def __call__(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        """The JSON that `call` got, once its status is as it should be."""
        answer = call(self.client, method, path, body)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None
