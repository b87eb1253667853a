"""Everything the environment may set, typed, checked once and refused loudly.

The only module that reads `os.environ`. `docs/configuration.md` is generated from this class.
"""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from logplatform.kernel.freed_memory import keep_freed
from logplatform.kernel.query_limits import QueryLimits, parse_query_limits
from logplatform.kernel.sizes import parse_size

_PARSER_KEEPS = 256 << 20  # bytes it has freed


class EnvError(Exception):
    """One or more environment variables are unusable; the text lists all of them."""


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if value.lower() not in words:
        raise ValueError("needs true or false")
    return words[value.lower()]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value) if value.lstrip("-").isdigit() else None
        if number is None or not low <= number <= high:
            raise ValueError(f"needs a whole number from {low} to {high}")
        return number

    return parse


def _path(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _paths(value: str) -> tuple[Path, ...]:
    return tuple(_path(name) for name in _names(value))


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _secret(value: str) -> str:
    if len(value) < 50:
        raise ValueError("needs at least 50 characters; unset it to have one made in DATA_DIR")
    return value


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValueError(
                f"needs a URL that starts with {' or '.join(s + '://' for s in schemes)}"
            )
        return value

    return parse


def setting(doc: str, parse: Callable[[str], Any] = _text, default: str = "") -> Any:
    """A field whose environment variable is its name in capitals."""
    return field(metadata={"doc": doc, "parse": parse, "default": default})


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """The checked environment. An optional value that is unset is an empty string."""

    data_dir: Path = setting("Folder for everything the embedded services keep.", _path, "./var")
    host: str = setting("Address the web process listens on.", _text, "127.0.0.1")
    port: int = setting("Port the web process listens on.", _whole(1, 65535), "8000")
    public_url: str = setting(
        "The address people use; needed behind a proxy or on another host than this.",
        _url("http", "https"),
    )
    allowed_hosts: tuple[str, ...] = setting(
        "Host names to answer besides localhost and the host of PUBLIC_URL, by commas.", _names
    )
    trusted_proxies: int = setting(
        "How many reverse proxies stand in front (for client addresses).", _whole(0, 10), "0"
    )
    debug: bool = setting("Django's debug mode; never on a server others reach.", _flag, "false")
    log_level: str = setting("Level of our own logs.", _text, "INFO")
    secret_key: str = setting("Key for sessions and signatures; unset: made once.", _secret)
    metrics_token: str = setting(
        "Bearer token for /metrics with the names of apps and sources; unset: never named.", _text
    )
    database_url: str = setting(
        "PostgreSQL for the control plane; unset: SQLite in DATA_DIR.",
        _url("postgres", "postgresql", "sqlite"),
    )
    valkey_url: str = setting(
        "Valkey or Redis with appendfsync always and noeviction; unset: the embedded one.",
        _url("redis", "rediss", "valkey", "unix"),
    )
    clickhouse_url: str = setting(
        "ClickHouse by HTTP: http://user:password@host:8123/database; unset: the embedded one.",
        _url("http", "https"),
    )
    clickhouse_cluster: str = setting("Cluster name; set: replicated tables and ON CLUSTER DDL.")
    web_workers: int = setting("Web processes.", _whole(1, 64), "1")
    web_threads: int = setting(
        "Threads a web process answers API requests with.", _whole(1, 256), "24"
    )
    worker_concurrency: int = setting("Processes of a Celery worker.", _whole(1, 64), "3")
    ingest_shards: int = setting(
        "Streams of the ingest queue, each drained by one task; lower it only while it is empty.",
        _whole(1, 64),
        "2",
    )
    max_body_bytes: int = setting("Largest request body as sent.", parse_size, "64M")
    max_decompressed_bytes: int = setting(
        "Largest request body once decompressed.", parse_size, "64M"
    )
    max_body_lines: int = setting(
        "Most lines of a request; a worker needs about 600 bytes for each while it stores them.",
        _whole(1, 100_000_000),
        "2000000",
    )
    max_line_bytes: int = setting(
        "Longest line that is stored; longer ones are quarantined.", parse_size, "256K"
    )
    queue_max_bytes: int = setting("Backlog at which the door answers 503.", parse_size, "1G")
    idempotency_max_bytes: int = setting(
        "Memory of the queue for the Idempotency-Keys of 24 hours, 50 bytes each, and for content"
        " windows, 250 bytes for each body; beyond it new bodies with either get 503.",
        parse_size,
        "512M",
    )
    key_rate_bytes: int = setting(
        "Decompressed bytes a second each key may send unless it says otherwise; 0: no limit.",
        parse_size,
        "0",
    )
    key_burst_s: int = setting(
        "Seconds of its rate a key may send at once after a pause.", _whole(1, 3600), "10"
    )
    source_daily_bytes: int = setting(
        "Decompressed bytes a day (UTC) each source may send"
        " unless it says otherwise; 0: no limit.",
        parse_size,
        "0",
    )
    app_daily_bytes: int = setting(
        "Decompressed bytes a day (UTC) each app may send unless it says otherwise; 0: no limit.",
        parse_size,
        "0",
    )
    min_free_bytes: int = setting(
        "Free space below DATA_DIR under which the door answers 503; at least 5 % of the disk.",
        parse_size,
        "512M",
    )
    max_inflight_bytes: int = setting(
        "Bytes of bodies each web process holds at a time before it answers 503; those of one app"
        " leave room for the largest body of another, but no more than a quarter.",
        parse_size,
        "256M",
    )
    valkey_max_memory: int = setting("Memory limit of the embedded Valkey.", parse_size, "2G")
    engine_max_memory: int = setting("Memory limit of the embedded log engine.", parse_size, "4G")
    query_limits_key: QueryLimits = setting(
        "What one question of an API key may use: seconds, memory, and rows and bytes read; 0: no"
        " limit.",
        parse_query_limits,
        "seconds=20 memory=512M rows=0 bytes=0",
    )
    query_limits_member: QueryLimits = setting(
        "The same for a person.", parse_query_limits, "seconds=20 memory=512M rows=0 bytes=0"
    )
    query_limits_staff: QueryLimits = setting(
        "The same for staff and superusers.",
        parse_query_limits,
        "seconds=60 memory=1G rows=0 bytes=0",
    )
    query_max_running: int = setting(
        "Questions at the log engine at a time, of all web processes; others wait for their turn.",
        _whole(1, 1_000),
        "6",
    )
    query_max_per_app: int = setting(
        "How many of these turns may be of one app.", _whole(1, 1_000), "5"
    )
    query_max_per_caller: int = setting(
        "How many of these turns one key or one person may have.", _whole(1, 1_000), "4"
    )
    query_wait_s: int = setting(
        "Seconds a question waits for its turn before it is answered with 429.",
        _whole(1, 60),
        "5",
    )
    export_max_running: int = setting(
        "Exports open at a time, in all web processes; one key or person may have half of them.",
        _whole(1, 100),
        "4",
    )
    export_max_s: int = setting(
        "Seconds after which an export is broken off.", _whole(1, 86_400), "3600"
    )
    geoip_files: tuple[Path, ...] = setting(
        "MaxMind-format files with places or networks of addresses, by commas; unset: not told.",
        _paths,
    )
    drain_max_bytes: int = setting(
        "Decompressed bytes one drain step takes at most.", parse_size, "24M"
    )
    quarantine_max_bytes: int = setting(
        "Bytes of lines an app may have in quarantine; beyond them the oldest go, after a warning.",
        parse_size,
        "1G",
    )
    quarantine_max_days: int = setting("Days lines stay in quarantine.", _whole(1, 3_650), "30")
    lease_s: int = setting(
        "Seconds after which another worker takes over what a dead one was draining.",
        _whole(1, 300),
        "10",
    )
    restart_pause_max_s: int = setting(
        "Longest pause in seconds before `up` starts a process again that keeps dying.",
        _whole(1, 300),
        "10",
    )
    logplatform_url: str = setting(
        "Installation that `manage.py logs` asks; unset: the one of DATA_DIR.",
        _url("http", "https"),
    )
    logplatform_key: str = setting("Query key that `manage.py logs` uses there.", _text)
    no_color: str = setting("Set to anything: commands write no colours.", _text)
    failpoints_dir: str = setting(
        "Only for tests: a folder through which processes are held at named steps; unset: off."
    )

    def __post_init__(self) -> None:
        if self.ingest_shards >= self.worker_concurrency:
            raise EnvError(
                "WORKER_CONCURRENCY must be greater than INGEST_SHARDS: each shard occupies one "
                f"worker process while it drains, and retention needs one too "
                f"(now {self.worker_concurrency} and {self.ingest_shards})."
            )

    @property
    def secrets_file(self) -> Path:
        """Secrets made on first use, mode 0600."""
        return self.data_dir / "secrets.json"

    @property
    def runtime_file(self) -> Path:
        """Where the running embedded services can be reached, written by `manage.py up`."""
        return self.data_dir / "runtime.json"


def load_env(environ: Mapping[str, str] | None = None) -> Env:
    """Read and check all settings.

    Raises:
        EnvError: lists every unusable variable, with what it needs.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    problems: list[str] = []
    for item in fields(Env):
        raw = source.get(item.name.upper(), "") or item.metadata["default"]
        try:
            values[item.name] = (
                item.metadata["parse"](raw) if raw else _empty(item.metadata["parse"])
            )
        except ValueError as error:
            problems.append(f"{item.name.upper()}={raw!r}: {error}")
    if problems:
        raise EnvError("Unusable environment:\n  " + "\n  ".join(problems))
    return Env(**values)


def _empty(parse: Callable[[str], Any]) -> Any:
    return () if parse in (_names, _paths) else ""


def use_project_settings() -> None:
    """Point Django at `logplatform.settings` unless the environment names another module."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logplatform.settings")


def suit_parser_process() -> None:
    """Settle what polars and the C library read when they start; call before polars is loaded.

    One thread, as every shard has a process of its own. Freed memory is kept for the next group:
    getting its pages back from the kernel costs as much as parsing (3 of 6.6 µs a line).
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:-1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    keep_freed(_PARSER_KEEPS)


def die_first() -> None:
    """Offer this process to a system short of memory: others lose more by their death."""
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text("500")


def child_environment(**extra: str) -> dict[str, str]:
    """This process's environment with `extra` on top, for a child process."""
    return {**os.environ, **extra}


def load_secrets(path: Path) -> dict[str, str]:
    """The secrets of this installation; made on first use in a file only its owner may read."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {name: secrets.token_urlsafe(48) for name in ("secret_key", "valkey", "engine")}
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    loaded: dict[str, str] = json.loads(path.read_text())
    return loaded


def embedded_urls(env: Env) -> dict[str, str]:
    """`valkey_url` and `clickhouse_url` of running embedded services, by name; may be empty."""
    try:
        runtime = json.loads(env.runtime_file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    keys = load_secrets(env.secrets_file)
    urls = {}
    if port := runtime.get("valkey_port"):
        urls["valkey_url"] = f"redis://:{keys['valkey']}@127.0.0.1:{port}/0"
    if port := runtime.get("engine_port"):
        urls["clickhouse_url"] = f"http://default:{keys['engine']}@127.0.0.1:{port}/default"
    return urls
