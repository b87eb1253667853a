"""Loaded by pytest before Django reads its settings: a world of its own for every test process.

Ports are chosen here, servers start only when a test asks for their fixture.
"""

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="logplatform-test-"))
PASSWORD = "test-services-password"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


VALKEY_PORT = free_port()
ENGINE_PORT = free_port()

os.environ.update(
    DATA_DIR=str(DATA_DIR),
    SECRET_KEY="only-for-tests-" + "x" * 50,
    VALKEY_URL=f"redis://:{PASSWORD}@127.0.0.1:{VALKEY_PORT}/0",
    CLICKHOUSE_URL=f"http://default:{PASSWORD}@127.0.0.1:{ENGINE_PORT}/default",
    LOG_LEVEL="WARNING",
)
for name in ("DATABASE_URL", "PUBLIC_URL", "PORT", "HOST", "CLICKHOUSE_CLUSTER", "DEBUG"):
    os.environ.pop(name, None)

atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
