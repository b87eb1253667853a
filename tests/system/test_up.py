"""`manage.py up` as a person starts it: one command, everything runs, nothing is left behind."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from logplatform.embedded.supervisor.processes import end_leftovers
from tests.environment import free_port
from tests.installation import MARKS, Up
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

CHILDREN = tuple(MARKS)
KEPT = ("control.sqlite3", "valkey/appendonlydir", "engine")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation, started for the first time."""
    up = Up(tmp_path_factory.mktemp("up") / "data")
    assert up.start() < 120
    yield up
    if up.process is not None:
        up.process.kill()
        up.process.wait()
    end_leftovers(up.runtime["run_token"], patience_s=0)


def test_everything_is_ready(up: Up) -> None:
    wait_until(lambda: up.answers("/healthz"), 30, up.text)
    wait_until(lambda: up.answers("/readyz"), 30, up.text)
    assert all(up.main_pid(name) for name in CHILDREN)


def test_the_first_start_tells_account_and_keys_once(up: Up) -> None:
    path = up.folder / "first-run.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = up.first_run
    assert set(first) == {"url", "username", "password", "ingest_key", "query_key", "app"}
    assert first["url"] == f"http://localhost:{up.port}"
    for name in ("password", "ingest_key", "query_key"):
        assert first[name] in up.text()
    assert "curl " in up.text()


def test_no_secret_is_on_a_command_line(up: Up) -> None:
    secrets = [*json.loads((up.folder / "secrets.json").read_text()).values()]
    secrets += [up.first_run[name] for name in ("password", "ingest_key", "query_key")]
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in up.pids]
    assert len(lines) >= len(CHILDREN)
    assert [line for line in lines if any(secret in line for secret in secrets)] == []


def test_files_with_secrets_are_private(up: Up) -> None:
    for name in ("secrets.json", "runtime.json", "valkey/valkey.conf", "engine/password"):
        assert stat.S_IMODE((up.folder / name).stat().st_mode) == 0o600, name


def test_nothing_it_keeps_can_be_read_by_others(up: Up) -> None:
    """Also where somebody made the folder for it, open to all."""
    modes = {name: mode_of(up.folder / name) for name in KEPT}
    assert [name for name, mode in modes.items() if mode is None or mode & 0o077] == []
    others = {path.name: mode_of(path) or 0 for path in up.folder.rglob("*") if path.is_file()}
    assert [name for name, mode in others.items() if mode & 0o077] == []


def mode_of(path: Path) -> int | None:
    """None where it is gone, as parts of the engine go."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def test_a_second_up_on_the_folder_says_who_has_it(up: Up) -> None:
    second = up.second(PORT=str(free_port()))
    assert second.returncode == 2
    assert up.process is not None
    assert f"process {up.process.pid}" in second.stderr
    assert str(up.folder) in second.stderr


def test_a_busy_port_is_named(up: Up, tmp_path: Path) -> None:
    second = up.second(DATA_DIR=str(tmp_path / "other"))
    assert second.returncode == 2
    assert f"Port {up.port}" in second.stderr
    assert "PORT=" in second.stderr


def test_a_line_is_accepted_and_found(up: Up) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{up.port}/api/v1/ingest?wait=true",
        json={"message": "kept through everything"},
        headers={"Authorization": f"Bearer {up.first_run['ingest_key']}"},
        timeout=30,
    )
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)
    assert found(up) == 1


def found(up: Up) -> int:
    """How many lines of the test above the search finds."""
    answer = httpx.get(
        f"http://127.0.0.1:{up.port}/api/v1/logs?q=everything",
        headers={"Authorization": f"Bearer {up.first_run['query_key']}"},
        timeout=30,
    )
    return len(answer.json()["results"])


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_comes_back(up: Up, name: str) -> None:
    # It may be on its way back after another child was killed.
    wait_until(lambda: up.main_pid(name) is not None, 30, up.text)
    before = up.main_pid(name)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: up.main_pid(name) not in (None, before), 15, up.text)
    wait_until(lambda: up.answers("/readyz"), 30, up.text)
    wait_until(lambda: f"{name} is ready again" in up.text(), 30, up.text)
    up.output.write_bytes(b"")


def test_sigterm_ends_all_within_ten_seconds(up: Up) -> None:
    assert up.pids
    assert up.stop() < 10
    assert up.pids == []


def test_the_second_start_is_fast_quiet_and_finds_its_ports(up: Up) -> None:
    before = up.runtime
    took_s = up.start()
    assert took_s < 15 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert {k: v for k, v in up.runtime.items() if k.endswith("port")} == {
        k: v for k, v in before.items() if k.endswith("port")
    }
    assert up.first_run["password"] not in up.text()
    assert found(up) == 1


def test_nothing_outlives_a_killed_supervisor(up: Up) -> None:
    assert up.process is not None
    up.process.kill()
    up.process.wait()
    wait_until(lambda: up.pids == [], 15, lambda: f"left: {up.pids}")


def test_up_after_a_kill_works(up: Up) -> None:
    up.start()
    wait_until(lambda: up.answers("/readyz"), 30, up.text)
    assert found(up) == 1
    assert up.stop() < 10
