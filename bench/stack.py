"""An installation of its own for the benchmark, and the load generators."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from logplatform.env import embedded_urls, load_env
from tests.installation import Up

ROOT = Path(__file__).resolve().parents[1]
_IDLE_S = 3  # the web process closes idle connections after five seconds


class Stack(Up):
    """A running installation."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.start_s = self._used_at = 0.0
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

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
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
        headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": parts.password or ""}
        connection.request("POST", "/", body=statement.encode(), headers=headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the engine answered {answer.status}: {content[:500]}")
        return content

    def cpu_s(self) -> float:
        """CPU seconds of all its processes so far, those that ended and were waited for too."""
        assert self.process is not None
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_ticks(pid) for pid in [self.process.pid, *self.pids]) / ticks


def _ticks(pid: int) -> int:
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(values[11]) + int(values[12])


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """Start everything, stop it at the end."""
    stack = Stack(folder / "data")
    began = time.monotonic()
    try:
        stack.start()
        stack.start_s = time.monotonic() - began
        yield stack
    except Exception:
        print(stack.text()[-4000:], file=sys.stderr)
        raise
    finally:
        stack.stop()


def django_environment(stack: Stack) -> dict[str, str]:
    """Of the running installation: its database, its engine and its queue."""
    return stack.environment(DJANGO_SETTINGS_MODULE="logplatform.settings")


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
