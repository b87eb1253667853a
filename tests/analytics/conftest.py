"""Two tenants with lines of the last minute, and a key to ask with."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from logplatform.kernel import clock
from tests.analytics.asking import MARKER, NOW, Ask, as_key
from tests.factories import Roles, make_roles
from tests.storage.records import AT

Answers = Callable[..., dict[str, Any]]


@pytest.fixture
def roles(store: Callable[..., list[str]]) -> Iterator[Roles]:
    """Two tenants with lines of the last minute: three of alpha, one of bravo."""
    people = make_roles()
    store(
        {"message": "first timeout", "app": "alpha", "severity": 17, "service": "auth"},
        {"message": "second", "app": "alpha", "timestamp": AT + timedelta(seconds=1)},
        {
            "message": "third",
            "app": "alpha",
            "timestamp": AT + timedelta(seconds=2, milliseconds=5),
        },
        {
            "message": MARKER,
            "app": "bravo",
            "service": MARKER,
            "attributes": {MARKER: MARKER},
            "pattern_id": 7,
            "anomaly_score": 100,
        },
    )
    with clock.frozen(NOW):
        yield people


@pytest.fixture
def ask(roles: Roles) -> Ask:
    """GET below /api/v1 with alpha's query key."""
    return as_key(roles.a.query_key)


@pytest.fixture
def ask_of(store: Callable[..., list[str]]) -> Iterator[Callable[..., Ask]]:
    """Stores rows for alpha, and gives GET with its query key."""
    people = make_roles()

    def stored(*rows: dict[str, Any]) -> Ask:
        store(*({"app": "alpha", **row} for row in rows))
        return as_key(people.a.query_key)

    with clock.frozen(NOW):
        yield stored
