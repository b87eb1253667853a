"""What one web process is told holds in the others: each request comes over a new connection."""

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests import faults
from tests.browser.explorer import Tenant
from tests.installation import Up
from tests.services import wait_until
from tests.soak.judge import ask

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


def test_a_process_that_stands_still_holds_up_only_what_it_has(up: Up) -> None:
    tenant = Tenant(up, "Stalled")
    stalled = up.sub_pids("web")[0]
    with ThreadPoolExecutor(CONNECTIONS) as senders:
        faults.send(stalled, signal.SIGSTOP)
        try:
            sent = [senders.submit(post_once, up, tenant, number) for number in range(CONNECTIONS)]
            wait_until(lambda: any(one.done() for one in sent), 30, "the other one does not answer")
        finally:
            faults.send(stalled, signal.SIGCONT)
        assert [one.result() for one in sent] == [202] * CONNECTIONS
    wait_until(lambda: lines_of(up, tenant) == CONNECTIONS, 30)


def test_a_killed_process_is_replaced_and_the_other_answers_meanwhile(up: Up) -> None:
    tenant = Tenant(up, "Replaced")
    main, before = up.main_pid("web"), up.sub_pids("web")
    faults.send(before[0], signal.SIGKILL)
    for number in range(CONNECTIONS):
        # What lay with the killed one is broken off; its sender repeats it under its key.
        wait_until(lambda number=number: post_once(up, tenant, number) == 202, 30)
    wait_until(lambda: len(set(up.sub_pids("web")) - {before[0]}) == len(before), 30)
    assert up.main_pid("web") == main
    wait_until(lambda: lines_of(up, tenant) == CONNECTIONS, 30)


def post_once(up: Up, tenant: Tenant, number: int) -> int:
    """The status of a post over a new connection; 0 where that broke."""
    headers = {"Authorization": f"Bearer {tenant.key}", "Idempotency-Key": f"{number}"}
    url = f"http://127.0.0.1:{up.port}/api/v1/ingest"
    try:
        return httpx.post(url, headers=headers, content=b"a line", timeout=60).status_code
    except httpx.TransportError:
        return 0


def lines_of(up: Up, tenant: Tenant) -> int:
    rows = ask(up, "SELECT count() AS n FROM logs WHERE app = {app:String}", app=tenant.slug)
    return int(rows[0]["n"])


def test_a_session_that_ended_is_refused_by_every_process(up: Up) -> None:
    tenant = Tenant(up, "Signed out")
    cookies = {"cookies": dict(tenant.http.cookies)}
    assert statuses(up, "GET", "/api/v1/apps", **cookies) == {200: CONNECTIONS}
    form = {"csrfmiddlewaretoken": tenant.http.cookies["csrftoken"]}
    assert tenant.http.post("/logout", data=form).is_redirect
    refused = statuses(up, "GET", "/api/v1/apps", **cookies)
    assert set(refused) <= {401, 403}, refused
