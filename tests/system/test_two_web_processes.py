"""What one web process is told holds in the others: each request comes over a new connection."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.explorer import Tenant
from tests.installation import Up
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

# So many that neither of two processes gets none.
CONNECTIONS = 30
WITHIN_S = 10


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """An installation with two web processes."""
    up = Up(tmp_path_factory.mktemp("two") / "data", WEB_WORKERS="2")
    up.start()
    yield up
    up.stop()


def statuses(up: Up, method: str, path: str, **request: Any) -> Counter[int]:
    """How each of many new connections was answered."""
    url = f"http://127.0.0.1:{up.port}{path}"
    return Counter(
        httpx.request(method, url, timeout=20, **request).status_code for _ in range(CONNECTIONS)
    )


def test_a_revoked_key_is_refused_by_every_process(up: Up) -> None:
    tenant = Tenant(up, "Revoked")
    post = {"headers": {"Authorization": f"Bearer {tenant.key}"}, "content": b"a line"}
    assert statuses(up, "POST", "/api/v1/ingest", **post) == {202: CONNECTIONS}
    (key,) = [
        key
        for key in tenant.http.get("/api/v1/keys").json()["results"]
        if tenant.key.startswith(key["prefix"])
    ]
    assert tenant.post(f"keys/{key['id']}/revoke").status_code == 200
    wait_until(
        lambda: statuses(up, "POST", "/api/v1/ingest", **post) == {401: CONNECTIONS}, WITHIN_S
    )


def test_a_session_that_ended_is_refused_by_every_process(up: Up) -> None:
    tenant = Tenant(up, "Signed out")
    cookies = {"cookies": dict(tenant.http.cookies)}
    assert statuses(up, "GET", "/api/v1/apps", **cookies) == {200: CONNECTIONS}
    form = {"csrfmiddlewaretoken": tenant.http.cookies["csrftoken"]}
    assert tenant.http.post("/logout", data=form).is_redirect
    refused = statuses(up, "GET", "/api/v1/apps", **cookies)
    assert set(refused) <= {401, 403}, refused
