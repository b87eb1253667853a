"""`manage.py up` as a person starts it: one command, everything runs, nothing is left behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from logplatform.embedded.supervisor.processes import end_leftovers, pids_of_run
from logplatform.env import child_environment
from tests.embedded.engines import free_port
from tests.services import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

_TEST_ONLY = ("VALKEY_URL", "CLICKHOUSE_URL", "SECRET_KEY", "DATABASE_URL", "LOG_LEVEL")
CHILDREN = ("valkey", "engine", "web", "worker", "beat")
# What tells a child's main process apart, on its command line.
MARKS = {
    "valkey": "valkey-server",
    "engine": "logplatform.embedded.engine",
    "web": "granian",
    "worker": "worker@%h",
    "beat": "--pidfile=",
}


class Up:
    """An installation on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.output = folder.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self, **changes: str) -> dict[str, str]:
        own = {"DATA_DIR": str(self.folder), "PORT": str(self.port), **changes}
        return {k: v for k, v in child_environment(**own).items() if k not in _TEST_ONLY}

    def start(self) -> float:
        """Returns the seconds until /healthz answered; waits until all is ready."""
        began = time.monotonic()
        command = [sys.executable, "manage.py", "up"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=self.environment(), stdout=output, stderr=output
            )
        wait_until(lambda: self.answers("/healthz"), 120, self.text)
        took_s = time.monotonic() - began
        wait_until(lambda: "Logplatform is ready" in self.text(), 60, self.text)
        return took_s

    def text(self) -> str:
        return self.output.read_text()

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def runtime(self) -> dict[str, Any]:
        return json.loads((self.folder / "runtime.json").read_text())

    @property
    def first_run(self) -> dict[str, str]:
        return json.loads((self.folder / "first-run.json").read_text())

    @property
    def pids(self) -> list[int]:
        return pids_of_run(self.runtime["run_token"])

    def main_pid(self, name: str) -> int | None:
        """The process the supervisor started for this child."""
        for pid in self.pids:
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if MARKS[name] in command and self.process and parent == self.process.pid:
                return pid
        return None

    def stop(self) -> float:
        """SIGTERM; returns the seconds until it was over."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        assert self.process.wait(30) == 0, self.text()
        return time.monotonic() - began

    def second(self, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Another `up` beside this one."""
        return subprocess.run(
            [sys.executable, "manage.py", "up"],
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


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
    assert up.answers("/healthz")
    assert up.answers("/readyz")
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
    assert up.answers("/readyz")
    assert found(up) == 1
    assert up.stop() < 10
