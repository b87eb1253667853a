"""Starts engine processes of their own for tests that stop, kill or overload them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx

from tests.environment import free_port
from tests.services import wait_until

PASSWORD = "engine-test-'password\\"


class Engine:
    """A running engine process on a data folder."""

    def __init__(self, folder: Path, *, memory_bytes: int = 1 << 30) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(exist_ok=True)
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        command = [sys.executable, "-m", "logplatform.embedded.engine", "--data", str(folder)]
        command += ["--port", str(self.port), "--password-file", str(password_file)]
        self.log = folder / "engine.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--memory", str(memory_bytes)], stdout=output, stderr=output
            )
        self.url = f"http://127.0.0.1:{self.port}/"
        wait_until(self._is_ready, 30, lambda: self.log.read_text())

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}ping").text == "Ok.\n"
        except httpx.HTTPError:
            return False

    def client(self, **options: Any) -> Any:
        """The real client library, as storage uses it."""
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username="default", password=PASSWORD, **options
        )

    def http(self) -> httpx.Client:
        """A plain HTTP client with the right password."""
        headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": PASSWORD}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(15)
