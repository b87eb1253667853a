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


_TWO_WRITES = "redis.call('XADD', KEYS[1], '*', 'n', ARGV[1]); return redis.call('INCR', KEYS[2])"


def killed_after(server: Server, times: int) -> Path:
    """The append-only file after `times` scripts of two writes each and a kill -9."""
    client = redis.Redis(port=server.port, password="pw-1")
    for number in range(times):
        client.eval(_TWO_WRITES, 2, "stream", "count", number)
    server.process.kill()
    server.process.wait()
    return next((server.folder / "appendonlydir").glob("*.incr.aof"))


def kept(server: Server) -> tuple[int, int]:
    """What both keys of the script hold after the next start."""
    server.process = server.start()
    client = redis.Redis(port=server.port, password="pw-1", decode_responses=True)
    return client.xlen("stream"), int(client.get("count"))


def test_a_write_torn_by_the_crash_takes_nothing_acknowledged_with_it(server: Server) -> None:
    file = killed_after(server, 50)
    with file.open("ab") as torn:
        torn.write(b"*3\r\n$3\r\nSET\r\n$5\r\ncou")
    assert kept(server) == (50, 50)
    assert redis.Redis(port=server.port, password="pw-1").eval(_TWO_WRITES, 2, "stream", "count", 1)


def test_a_disk_that_loses_the_tail_costs_whole_scripts_and_says_so(server: Server, capfd) -> None:
    """The disk lied about its fsync: no server can keep that, but no half of a script may stay."""
    file = killed_after(server, 50)
    with file.open("r+b") as torn:
        torn.truncate(file.stat().st_size - 7)
    assert kept(server) == (49, 49)
    assert "short read while loading the AOF file" in capfd.readouterr().out


def test_a_damaged_middle_is_refused_not_guessed_at(server: Server) -> None:
    file = killed_after(server, 50)
    content = bytearray(file.read_bytes())
    content[content.index(b"$5\r\ncount", len(content) // 2)] ^= 0x10
    file.write_bytes(content)
    process = subprocess.Popen([str(valkey.server_binary()), str(server.config)])
    assert process.wait(20) != 0
    server.process = process
