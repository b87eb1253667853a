"""The processes of an installation, as the supervisor runs them."""

import base64
import http.client
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from logplatform.embedded import valkey
from logplatform.embedded.ready_files import ready_file
from logplatform.embedded.runtime import choose_port, read_runtime, write_private, write_runtime
from logplatform.embedded.supervisor.child import Spec
from logplatform.embedded.supervisor.processes import RUN_VARIABLE
from logplatform.env import Env, child_environment, load_secrets
from logplatform.kernel import freed_memory

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = sys.executable

# Who stops first (highest) and last; together the longest stop takes 9.3 s.
_RANKS = {"valkey": 0, "engine": 1, "worker": 2, "beat": 3, "web": 3, "generate": 4, "prepare": 4}
_STOP_S = {
    "valkey": 0.8,
    "engine": 1.5,
    "worker": 3.5,
    "beat": 2.5,
    "web": 2.5,
    "generate": 1,
    "prepare": 1,
}

_VALKEY_KEEPS = 64 << 20  # bytes it has freed


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One run on one data folder."""

    env: Env
    run_token: str
    valkey_port: int | None
    engine_port: int | None

    @property
    def environment(self) -> Mapping[str, str]:
        """What every child gets: the folder as it is here, and the mark leftovers are known by."""
        return child_environment(
            DATA_DIR=str(self.env.data_dir), PYTHONUNBUFFERED="1", **{RUN_VARIABLE: self.run_token}
        )

    def spec(
        self,
        name: str,
        *command: str,
        is_ready: Callable[[], bool] = lambda: True,
        before_start: Callable[[], None] = lambda: None,
        is_job: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Spec:
        """A child with what all have in common."""
        return Spec(
            name=name,
            command=command,
            rank=_RANKS[name],
            stop_s=_STOP_S[name],
            longest_pause_s=self.env.restart_pause_max_s,
            environment={**(environment or {}), **self.environment},
            folder=_ROOT,
            is_ready=is_ready,
            before_start=before_start,
            is_job=is_job,
        )


def open_installation(env: Env) -> Installation:
    """Choose the ports, the remembered ones if they are free, and note them for other commands."""
    before = read_runtime(env)
    installation = Installation(
        env=env,
        run_token=secrets.token_hex(16),
        valkey_port=None if env.valkey_url else choose_port(before.get("valkey_port")),
        engine_port=None if env.clickhouse_url else choose_port(before.get("engine_port")),
    )
    ports = {"valkey_port": installation.valkey_port, "engine_port": installation.engine_port}
    runtime = {"url": web_url(env), "run_token": installation.run_token}
    write_runtime(env, runtime | {name: port for name, port in ports.items() if port})
    return installation


def web_url(env: Env) -> str:
    """Where a person finds the pages."""
    host = "localhost" if env.host in ("127.0.0.1", "0.0.0.0", "::", "::1", "") else env.host
    return env.public_url or f"http://{host}:{env.port}"


def stages_of(installation: Installation, *, is_demo: bool) -> list[list[Spec]]:
    """Services and preparation first (it waits for them itself), then what serves people."""
    stores = [spec for spec in (_valkey(installation), _engine(installation)) if spec is not None]
    prepare = installation.spec("prepare", _PYTHON, "manage.py", "prepare", is_job=True)
    stages = [
        [*stores, prepare],
        [_web(installation), _worker(installation), _beat(installation)],
    ]
    if is_demo:
        stages.append([_generate(installation)])
    return stages


def _valkey(installation: Installation) -> Spec | None:
    env, port = installation.env, installation.valkey_port
    if port is None:
        return None
    password = load_secrets(env.secrets_file)["valkey"]
    config = valkey.write_config(
        env.data_dir / "valkey", port=port, password=password, max_memory=env.valkey_max_memory
    )
    return installation.spec(
        "valkey",
        str(valkey.server_binary()),
        str(config),
        is_ready=lambda: valkey.is_ready(port, password),
        environment=freed_memory.keeps_freed(_VALKEY_KEEPS),
    )


def _engine(installation: Installation) -> Spec | None:
    env, port = installation.env, installation.engine_port
    if port is None:
        return None
    password = load_secrets(env.secrets_file)["engine"]
    folder = env.data_dir / "engine"
    folder.mkdir(exist_ok=True, mode=0o700)
    password_file = folder / "password"
    write_private(password_file, password)
    token = base64.b64encode(f"default:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}"}
    return installation.spec(
        "engine",
        *(_PYTHON, "-m", "logplatform.embedded.engine", "--data", str(folder)),
        *("--port", str(port), "--password-file", str(password_file)),
        *("--memory", str(env.engine_max_memory), "--failpoints", env.failpoints_dir),
        is_ready=lambda: _answers("127.0.0.1", port, "/?query=SELECT%201", headers),
    )


def _web(installation: Installation) -> Spec:
    env = installation.env
    probe = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(env.host, env.host)
    return installation.spec(
        "web",
        *(_PYTHON, "-m", "granian", "--interface", "asginl", "--host", env.host),
        *("--port", str(env.port), "--workers", str(env.web_workers)),
        # Without it the whole server ends with one worker.
        *("--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "2"),
        # The first ends idle connections as well: longer than senders keep theirs, or a body goes
        # out on one that is being closed. The second counts connections, idle ones too.
        *("--http1-header-read-timeout", "20000", "--backpressure", "512", "--backlog", "1024"),
        *("--http", "1", "--http1-buffer-size", "262144", "--ws", "--no-access-log"),
        *("--log-level", "warning", "logplatform.asgi:application"),
        is_ready=lambda: _answers(probe, env.port, "/healthz", {"Host": "localhost"}),
    )


def _worker(installation: Installation) -> Spec:
    concurrency = str(installation.env.worker_concurrency)
    return _celery(
        installation,
        "worker",
        *("worker", "--pool", "prefork", "--concurrency", concurrency, "--hostname", "worker@%h"),
        *("--without-gossip", "--without-mingle", "-Ofair"),
    )


def _beat(installation: Installation) -> Spec:
    return _celery(installation, "beat", "beat", "--pidfile=")


def _generate(installation: Installation) -> Spec:
    """Traffic that no laptop notices, with bursts that show in the histogram."""
    return installation.spec(
        "generate",
        *(_PYTHON, "manage.py", "generate", "--to-api", _loopback_url(installation.env)),
        *("--format", "json", "--rate", "50", "--burst", "4"),
    )


def _loopback_url(env: Env) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(env.host, env.host)
    return f"http://{host}:{env.port}"


def _celery(installation: Installation, name: str, *arguments: str) -> Spec:
    file = ready_file(installation.env.data_dir, name)
    return installation.spec(
        name,
        *(_PYTHON, "-m", "celery", "--quiet", "-A", "logplatform.celery", *arguments),
        is_ready=file.exists,
        before_start=lambda: file.unlink(missing_ok=True),
    )


def _answers(host: str, port: int, path: str, headers: dict[str, str]) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
