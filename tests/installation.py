"""A whole installation: `manage.py up` on a folder and a port of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from logplatform.embedded.supervisor.processes import pids_of_run
from logplatform.env import child_environment
from tests.embedded.engines import free_port
from tests.services import wait_until

# Of whoever starts it; an installation of its own has its own.
_OF_OTHERS = (
    "VALKEY_URL",
    "CLICKHOUSE_URL",
    "DATABASE_URL",
    "PUBLIC_URL",
    "SECRET_KEY",
    "HOST",
    "LOG_LEVEL",
)
# What tells a child's main process apart, on its command line.
MARKS = {
    "valkey": "valkey-server",
    "engine": "logplatform.embedded.engine",
    "web": "granian",
    "worker": "worker@%h",
    "beat": "--pidfile=",
}


def command_of(pid: int) -> str:
    """Its command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def parent_of(pid: int) -> int | None:
    """Who started it."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


class Up:
    """An installation on a folder of its own, with `settings` in its environment."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port, self.settings = folder, free_port(), settings
        self.output = folder.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self, **changes: str) -> dict[str, str]:
        own = {"DATA_DIR": str(self.folder), "PORT": str(self.port), **self.settings, **changes}
        return {k: v for k, v in child_environment(**own).items() if k not in _OF_OTHERS}

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
        if self.process is None:
            return None
        mine = (pid for pid in self.pids if parent_of(pid) == self.process.pid)
        return next((pid for pid in mine if MARKS[name] in command_of(pid)), None)

    def sub_pids(self, name: str) -> list[int]:
        """What the main process of this child started itself and that does its work."""
        main = self.main_pid(name)
        mine = [pid for pid in self.pids if main and parent_of(pid) == main]
        return [pid for pid in mine if "resource_tracker" not in command_of(pid)]

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
