"""An installation of its own for the benchmark: `manage.py up` on a free port and folder."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from logplatform.embedded.supervisor.processes import pids_of_run
from logplatform.env import child_environment, embedded_urls, load_env

ROOT = Path(__file__).resolve().parents[1]
START_S = 120
_IDLE_S = 3  # the web process closes idle connections after five seconds
_OTHERS = ("VALKEY_URL", "CLICKHOUSE_URL", "DATABASE_URL", "PUBLIC_URL", "SECRET_KEY", "HOST")


class Stack:
    """A running installation."""

    def __init__(self, folder: Path, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.folder, self.port, self.process = folder, port, process
        self.start_s = self._used_at = 0.0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    @property
    def first_run(self) -> dict[str, str]:
        """What the first start wrote."""
        return json.loads((self.folder / "first-run.json").read_text())

    def plan(self, what: str, **details: Any) -> dict[str, Any]:
        """A plan for `bench.load`."""
        key = self.first_run["ingest_key"]
        return {"what": what, "host": "127.0.0.1", "port": self.port, "key": key, **details}

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        """Ask the API with the query key."""
        headers = {"Authorization": f"Bearer {self.first_run['query_key']}"}
        if time.monotonic() - self._used_at > _IDLE_S:
            self._connection.close()
        self._connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}", headers=headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self._used_at = time.monotonic()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:500]!r}")
        return json.loads(content)

    def total(self, **parameters: str) -> int:
        """How many lines are searchable."""
        return int(self.get("logs/stats", **parameters)["total"])

    def sql(self, statement: str) -> str:
        """Ask the log engine itself."""
        parts = urlsplit(embedded_urls(load_env({"DATA_DIR": str(self.folder)}))["clickhouse_url"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": parts.password or ""}
        connection.request("GET", f"/?query={quote(statement)}", headers=headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the engine answered {answer.status}: {content[:500]}")
        return content

    def cpu_s(self) -> float:
        """CPU seconds of all its processes so far, those that ended and were waited for too."""
        token = json.loads((self.folder / "runtime.json").read_text())["run_token"]
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_ticks(pid) for pid in [self.process.pid, *pids_of_run(token)]) / ticks


def _ticks(pid: int) -> int:
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(values[11]) + int(values[12])


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """Start everything, stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = child_environment(DATA_DIR=str(folder / "data"), PORT=str(port))
    environment = {name: value for name, value in environment.items() if name not in _OTHERS}
    with (folder / "up.log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    stack = Stack(folder / "data", port, process)
    try:
        _wait_until_ready(stack, folder / "up.log")
        stack.start_s = time.monotonic() - began
        yield stack
    except Exception:
        print((folder / "up.log").read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_ready(stack: Stack, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while "Logplatform is ready" not in log.read_text():
        if time.monotonic() > deadline or stack.process.poll() is not None:
            raise RuntimeError(f"The platform did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


class Load:
    """A load generator with its bodies built, waiting for `go`."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load", json.dumps(plan)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise RuntimeError("the load generator did not get ready")

    def go(self) -> None:
        """Start sending; for a steady load also: stop it."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """Wait for its end."""
        line = self._line()
        if self._process.wait(60):
            raise RuntimeError("the load generator failed")
        return json.loads(line)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
