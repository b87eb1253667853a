"""`python -m logplatform.embedded.engine --data DIR --port N`: serves until SIGTERM."""

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from logplatform.embedded.engine.errors import EngineError
from logplatform.kernel import failpoints, freed_memory
from logplatform.kernel.jsonlog import JsonFormatter

if TYPE_CHECKING:
    from logplatform.embedded.engine.http import EngineServer

EXIT_LOCKED = 3
EXIT_PORT = 4
_FINISH_S = 5.0
log = logging.getLogger("logplatform.embedded.engine")


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 stopped, 1 unusable folder, 3 folder or 4 port in use, 5 guard."""
    options = _options().parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    failpoints.arm(options.failpoints)
    freed_memory.share_freed()  # of Python: the engine has an allocator of its own
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _lock(options.data / "engine.lock")
    if lock is None:
        sys.stderr.write(
            f"The log engine already runs on {options.data}: one process owns a data folder.\n"
        )
        return EXIT_LOCKED
    with lock:
        return _serve(options)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m logplatform.embedded.engine")
    parser.add_argument("--data", type=Path, required=True, help="data folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--password-file", type=Path, help="without it everybody may query")
    parser.add_argument("--memory", type=int, default=0, help="limit in bytes, 0: of the machine")
    parser.add_argument("--failpoints", default="", help="only for tests: folder of held steps")
    return parser


def _lock(path: Path) -> TextIO | None:
    """A lock that ends with the process; none when somebody else has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _serve(options: argparse.Namespace) -> int:
    from logplatform.embedded.engine.database import Database
    from logplatform.embedded.engine.guard import Guard
    from logplatform.embedded.engine.http import EngineServer

    password = options.password_file.read_text().strip() if options.password_file else ""
    folder = options.data / "clickhouse"
    folder.mkdir(exist_ok=True, mode=0o700)
    guard = Guard(folder)
    try:
        database = Database(folder, memory_bytes=options.memory)
    except EngineError as error:
        sys.stderr.write(f"The data folder {options.data} cannot be opened: {error}\n")
        return 1
    try:
        server = EngineServer(
            (options.host, options.port),
            database,
            guard,
            password=password,
            password_file=str(options.password_file or ""),
        )
    except OSError as error:
        sys.stderr.write(f"The log engine cannot listen on port {options.port}: {error.strerror}\n")
        return EXIT_PORT
    return _run(server)


def _run(server: "EngineServer") -> int:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.guard.start(server.database.run)
    log.info("ready", extra={"port": server.server_address[1], "version": server.database.version})
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    server.guard.stop()
    if server.drain(timeout_s=_FINISH_S):
        server.database.close()
    else:
        log.warning("stopped while requests were running")
        logging.shutdown()
        os._exit(0)  # leaving in order would wait for, or crash with, the threads inside the engine
    log.info("stopped")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
