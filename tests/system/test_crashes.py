"""kill -9 of any process while lines come in: all of them are there afterwards, none twice."""

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from logplatform.env import embedded_urls, load_env
from tests.installation import MARKS, Up
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

BODIES, LINES = 40, 2500
_runs = itertools.count()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation that these tests may break."""
    up = Up(tmp_path_factory.mktemp("crash") / "data")
    up.start()
    yield up
    up.stop()


def body_of(run: int, number: int) -> bytes:
    first = number * LINES
    lines = ({"message": f"m{n}", "run": f"r{run}", "seq": n} for n in range(first, first + LINES))
    return "\n".join(map(json.dumps, lines)).encode()


def deliver(up: Up, run: int, number: int) -> None:
    """Send one body like a shipper: the same key until a 2xx, whatever happens."""
    headers = {
        "Authorization": f"Bearer {up.first_run['ingest_key']}",
        "Content-Type": "application/x-ndjson",
        "Idempotency-Key": f"run-{run}-{number}",
    }
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            url = f"http://127.0.0.1:{up.port}/api/v1/ingest"
            answer = httpx.post(url, content=body_of(run, number), headers=headers, timeout=20)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 202:
            return
        assert answer.status_code == 503, answer.text
        time.sleep(0.2)
    raise AssertionError(f"body {number} was not taken within 90 s:\n{up.text()[-4000:]}")


def stored(up: Up, run: int) -> tuple[int, int]:
    """(rows, distinct lines) of a run, asked of the engine itself."""
    url = embedded_urls(load_env({"DATA_DIR": str(up.folder)}))["clickhouse_url"]
    sql = (
        "SELECT count(), uniqExact(attributes['seq']) FROM logs "
        "WHERE attributes['run'] = {run:String}"
    )
    try:
        parts = httpx.URL(url)
        answer = httpx.get(
            f"http://{parts.host}:{parts.port}/",
            params={"query": sql, "param_run": f"r{run}"},
            auth=(parts.username, parts.password),
            timeout=10,
        )
        rows, distinct = answer.text.split()
    except (httpx.HTTPError, ValueError):
        return 0, 0
    return int(rows), int(distinct)


def kill(up: Up, victim: str, *, with_children: bool) -> None:
    """SIGKILL the processes of a child as they are now."""
    main = up.main_pid(victim)
    marked = [pid for pid in up.pids if MARKS[victim] in command_of(pid)]
    for pid in marked if with_children else [main]:
        if pid:
            kill_now(pid)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def kill_now(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("victim", "with_children"),
    [("worker", False), ("worker", True), ("engine", True), ("valkey", True), ("web", True)],
    ids=["worker's main process", "whole worker", "engine", "valkey", "web"],
)
def test_nothing_is_lost_or_doubled(up: Up, victim: str, with_children: bool) -> None:
    run = next(_runs)
    for number in range(BODIES):
        if number in (10, 25):
            kill(up, victim, with_children=with_children)
        deliver(up, run, number)
    expected = BODIES * LINES
    wait_until(
        lambda: stored(up, run)[1] >= expected,
        90,
        lambda: f"{stored(up, run)}\n{up.text()[-6000:]}",
    )
    assert stored(up, run) == (expected, expected)


def test_all_processes_at_once(up: Up) -> None:
    """The machine loses power: what was acknowledged is there after the next `up`."""
    run = next(_runs)
    for number in range(10):
        deliver(up, run, number)
    for pid in [up.process.pid, *up.pids]:
        kill_now(pid)
    up.process.wait()
    up.start()
    wait_until(lambda: stored(up, run)[1] >= 10 * LINES, 60, lambda: f"{stored(up, run)}")
    assert stored(up, run) == (10 * LINES, 10 * LINES)
