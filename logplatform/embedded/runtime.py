"""What `manage.py up` keeps in DATA_DIR between runs: the lock, the ports, the token of the run."""

import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from logplatform.env import Env
from logplatform.kernel.errors import PlatformError


class AlreadyRunning(PlatformError):
    """Another supervisor has the folder."""

    code = "already_running"
    status = 409
    message = "Logplatform already runs on {data_dir}: process {pid}{url}."
    hint = "Stop it with Ctrl-C in its terminal or `kill {pid}`, or set DATA_DIR to another folder."


class PortInUse(PlatformError):
    """Another program listens on the web port."""

    code = "port_in_use"
    status = 409
    message = "Port {port} on {host} is in use by another program."
    hint = "Choose another one with the environment variable PORT, for example: PORT={other}"


class AddressNotUsable(PlatformError):
    """HOST names no address of this machine."""

    code = "address_not_usable"
    message = "Cannot listen on {host}:{port}: {reason}."
    hint = "Check the environment variables HOST and PORT."


@contextmanager
def locked(env: Env) -> Iterator[None]:
    """Hold the data folder for the time of the block; the lock ends with the process.

    Raises:
        AlreadyRunning: another supervisor holds it.
    """
    env.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (env.data_dir / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            url = read_runtime(env).get("url")
            raise AlreadyRunning(
                data_dir=str(env.data_dir),
                pid=file.read().strip() or "unknown",
                url=f" at {url}" if url else "",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_port(env: Env) -> None:
    """Make sure that the web process can listen.

    Raises:
        PortInUse, AddressNotUsable: it cannot.
    """
    try:
        _try_port(env.host, env.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = env.port + 1 if env.port < 65535 else 8000
            raise PortInUse(port=env.port, host=env.host, other=other) from None
        reason = error.strerror or str(error)
        raise AddressNotUsable(host=env.host, port=env.port, reason=reason) from None


def _try_port(host: str, port: int) -> int:
    """Listen for a moment; returns the port, chosen by the system when 0 was asked for."""
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
        return int(probe.getsockname()[1])


def choose_port(remembered: Any) -> int:
    """The remembered loopback port while it is free, else a new one."""
    if isinstance(remembered, int):
        with suppress(OSError):
            return _try_port("127.0.0.1", remembered)
    return _try_port("127.0.0.1", 0)


def read_runtime(env: Env) -> dict[str, Any]:
    """What the last run wrote; empty when there was none."""
    try:
        loaded = json.loads(env.runtime_file.read_text())
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def write_runtime(env: Env, runtime: dict[str, Any]) -> None:
    """Replace what the last run wrote, at once."""
    noted = {**runtime, "folder": _identity(env.data_dir)}
    write_private(env.runtime_file, json.dumps(noted, indent=2) + "\n")


def last_run(env: Env) -> str:
    """Token of the last run on this very folder.

    Empty for a copy of another one: what carries that token serves the original.
    """
    runtime = read_runtime(env)
    here = _identity(env.data_dir)
    return str(runtime.get("run_token", "")) if runtime.get("folder", here) == here else ""


def _identity(folder: Path) -> str:
    """A folder keeps it when it is renamed; a copy has another one."""
    found = folder.stat()
    return f"{found.st_dev}:{found.st_ino}"


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner may read; a reader sees the old or the new one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
