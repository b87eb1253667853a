"""Fixtures every room uses. Asking for `valkey` or `clickhouse` starts the real server, once."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
import redis
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import services
from tests.clients import signed_in
from tests.factories import Roles, Tenant, make_roles

# Timing never decides a test.
hypothesis_settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("ours")


@pytest.fixture(scope="session")
def valkey_process() -> Iterator[None]:
    """A Valkey server for this test process."""
    with services.valkey_server():
        yield


@pytest.fixture(scope="session")
def engine_process() -> Iterator[None]:
    """A log engine with the current schema for this test process."""
    with services.engine_server():
        from storage import facade

        facade.migrate()
        yield


@pytest.fixture
def valkey(valkey_process: None) -> Iterator[redis.Redis]:
    """An empty Valkey; emptied again afterwards."""
    from ingestion import queue

    client = queue.client()
    client.flushall()
    yield client
    client.flushall()


@pytest.fixture
def clickhouse(engine_process: None) -> Iterator[None]:
    """The log engine with empty tables; emptied again afterwards."""
    from storage import facade

    facade.truncate_all()
    yield
    facade.truncate_all()


@pytest.fixture
def roles(db: None) -> Roles:
    """Owner, a manager of app alpha, and an outsider: one of bravo."""
    return make_roles()


@pytest.fixture
def tenant(roles: Roles) -> Tenant:
    """App alpha with all that belongs to it."""
    return roles.a


@pytest.fixture
def owner(roles: Roles) -> Client:
    """A browser in which the owner has signed in."""
    return signed_in(roles.owner)


@pytest.fixture
def member(roles: Roles) -> Client:
    """A browser in which alpha's manager has signed in."""
    return signed_in(roles.member)


@pytest.fixture
def store(clickhouse: None) -> Callable[..., list[str]]:
    """Store records given as dicts; returns their ids in order."""
    from storage import facade
    from tests.storage.records import ids_of, make_frame

    def write(*rows: dict[str, Any], token: str = "") -> list[str]:
        frame = make_frame(rows)
        facade.write_logs(frame, token=token or sha256(str(rows).encode()).hexdigest())
        return ids_of(frame)

    return write


@pytest.fixture(autouse=True)
def _fresh_key_cache() -> None:
    """Keys of an earlier test's database must not be remembered."""
    from ingestion.authentication import forget_cached_keys

    forget_cached_keys()


@pytest.fixture(autouse=True)
def _fresh_marks() -> None:
    """Marks of an earlier test's lines must not be remembered."""
    from storage.rollups.marks import forget_marks

    forget_marks()


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Names of an earlier test's fields must not be remembered."""
    from storage.questions.suggest import forget_names

    forget_names()


@pytest.fixture(autouse=True)
def _static_without_manifest(settings) -> None:
    """Pages name static files as they are: nothing is collected for tests."""
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}


@pytest.fixture(autouse=True)
def _rules_in_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of an earlier test's database are forgotten; without one, sources have the defaults."""
    from ingestion import rarity
    from ingestion.custom import reading
    from ingestion.treatment import plans

    plans.forget()
    reading.forget()
    rarity.forget()
    has_database = request.node.get_closest_marker("django_db") is not None
    if not has_database and not {"db", "transactional_db"} & set(request.fixturenames):
        monkeypatch.setattr(plans, "treatment_of", lambda app, source: plans.default_treatment())
    if "real_sources" not in request.fixturenames:
        monkeypatch.setattr(plans, "_missing", lambda app, source: "")


@pytest.fixture
def real_sources() -> None:
    """Bodies of sources that nobody made are strays; in other tests they count as known."""
