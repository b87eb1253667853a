"""The embedded Valkey runs with the settings the promise rests on."""

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from logplatform.embedded import valkey
from tests.environment import free_port
from tests.services import wait_until


class Server:
    """A Valkey on a folder with a blank in its name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        self.config = valkey.write_config(
            self.folder, port=self.port, password="pw-1", max_memory=64 << 20
        )
        process = subprocess.Popen([str(valkey.server_binary()), str(self.config)])
        wait_until(lambda: valkey.is_ready(self.port, "pw-1"), 10)
        return process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path / "a folder")
    yield server
    server.process.kill()
    server.process.wait()


def test_settings_are_those_of_the_promise(server: Server) -> None:
    client = redis.Redis(port=server.port, password="pw-1", decode_responses=True)
    expected = {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "aof-load-truncated": "yes",
        "maxmemory": str(64 << 20),
        "maxmemory-policy": "noeviction",
        "save": "",
        "bind": "127.0.0.1",
        "dir": str(server.folder),
    }
    assert client.config_get(*expected) == expected
    assert stat.S_IMODE(server.config.stat().st_mode) == 0o600


def test_the_password_is_needed(server: Server) -> None:
    assert not valkey.is_ready(server.port, "wrong")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)).ping()


def test_an_acknowledged_entry_survives_kill_9(server: Server) -> None:
    client = redis.Redis(port=server.port, password="pw-1")
    ids = [client.xadd("stream", {"body": b"x" * 1000}) for _ in range(200)]
    server.process.kill()
    server.process.wait()
    server.process = server.start()
    assert [entry for entry, _ in client.xrange("stream")] == ids
