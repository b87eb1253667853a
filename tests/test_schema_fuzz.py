"""Requests made from the OpenAPI schema, right ones and wrong ones: never a 5xx."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode

from tests.factories import Roles, make_roles
from tests.storage.records import make_frame

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "clickhouse")]

EXAMPLES = 8
BUDGET_S = 75
# 503 is an answer as well: a wait that is over, a backlog that is full.
_NOT_OURS = {503}


def operations() -> Iterator[APIOperation]:
    """Every operation the schema describes."""
    described = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    for found in schemathesis.openapi.from_dict(described).get_all_operations():
        yield found.ok()


class Caller:
    """The owner of everything, and for ingest a key; one line is there to be found."""

    def __init__(self, roles: Roles) -> None:
        self._owner = Client(raise_request_exception=False)
        self._owner.force_login(roles.owner)
        self._key = Client(
            raise_request_exception=False,
            headers={"Authorization": f"Bearer {roles.a.ingest_key}"},
        )

    def send(self, case: Case) -> Any:
        """Send what was made."""
        client = self._key if case.path.endswith("/ingest") else self._owner
        body, kind = _body_of(case)
        query = {name: value for name, value in _plain(case.query).items() if value is not None}
        return client.generic(
            case.method,
            case.formatted_path,
            body,
            content_type=kind,
            query_params=query,
            headers={
                name: value
                for name, value in _plain(case.headers).items()
                if name.isascii() and value.isprintable() and name.lower() != "authorization"
            },
        )


def _plain(values: Any) -> dict[str, Any]:
    def text(value: Any) -> Any:
        if isinstance(value, list):
            return [text(one) for one in value]
        return value if isinstance(value, str) else json.dumps(value)

    return {name: text(value) for name, value in (values or {}).items()}


def _body_of(case: Case) -> tuple[bytes, str]:
    kind = case.media_type or "application/json"
    if isinstance(case.body, bytes):
        return case.body, kind
    if isinstance(case.body, str):
        return case.body.encode("utf-8", "replace"), kind
    try:
        return json.dumps(case.body).encode(), kind
    except TypeError:  # nothing was made for a body
        return b"", kind


def test_no_request_that_the_schema_suggests_fails_on_our_side() -> None:
    from storage import facade

    roles = make_roles()
    facade.write_logs(make_frame([{"app": "alpha", "message": "first timeout"}]), token="one")
    caller, failures = Caller(roles), {}
    began = time.monotonic()

    def try_out(operation: APIOperation, mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def attempt(case: Case) -> None:
            answer = caller.send(case)
            if answer.status_code >= 500 and answer.status_code not in _NOT_OURS:
                failures.setdefault(operation.label, (case.as_curl_command()[:1_000], answer))

        attempt()

    tried = 0
    for operation in operations():
        if time.monotonic() - began > BUDGET_S:
            break
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                try_out(operation, mode)
            except Unsatisfiable:  # nothing wrong can be said where nothing may be said
                continue
        tried += 1
    assert tried > 20
    assert failures == {}
