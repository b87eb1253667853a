"""The engine as a process: one per folder, a clear end."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.embedded.conftest import make_table
from tests.embedded.engines import Engine
from tests.environment import free_port
from tests.services import wait_until


def _run_second(folder: str, port: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "logplatform.embedded.engine", "--data", folder]
    return subprocess.run(
        [*command, "--port", str(port)], capture_output=True, text=True, timeout=20, check=False
    )


def test_a_second_engine_on_the_folder_says_so(engine: Engine) -> None:
    second = _run_second(str(engine.folder), free_port())
    assert second.returncode == 3
    assert second.stderr.count("\n") == 1
    assert f"already runs on {engine.folder}" in second.stderr


def test_a_busy_port_is_named(engine: Engine, tmp_path_factory) -> None:
    second = _run_second(str(tmp_path_factory.mktemp("other")), engine.port)
    assert second.returncode == 4
    assert f"port {engine.port}" in second.stderr


def test_sigterm_lets_running_requests_finish(own_engine: Callable[[], Engine]) -> None:
    engine = own_engine()
    answers = []

    def query() -> None:
        with engine.http() as http:
            answers.append(http.post("/", content="SELECT sleep(1.5)").text)

    thread = threading.Thread(target=query)
    with engine.http() as http:
        thread.start()
        running = "SELECT count() FROM system.processes WHERE query = 'SELECT sleep(1.5)'"
        while http.post("/", content=running).text != "1\n":
            assert not answers
    assert engine.stop() == 0
    thread.join()
    assert answers == ["0\n"]


def test_sigterm_ends_in_time_although_a_query_runs(own_engine: Callable[[], Engine]) -> None:
    engine = own_engine()
    query = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"

    def run() -> None:
        with engine.http() as http:
            try:
                http.post("/", content=query)
            except Exception:
                return

    threading.Thread(target=run, daemon=True).start()
    with engine.http() as http:
        while http.post("/", content="SELECT count() FROM system.processes").text != "2\n":
            pass
    began = time.monotonic()
    assert engine.stop() == 0
    assert time.monotonic() - began < 7


def test_what_was_stored_is_there_after_kill_9(own_engine: Callable[[], Engine]) -> None:
    engine = own_engine()
    with engine.client() as client:
        name = make_table(client)
        client.insert(name, [[n, "x"] for n in range(100)], column_names=["n", "text"])
    engine.kill()
    with own_engine().client() as client:
        assert client.query(f"SELECT sum(n) FROM {name}").result_rows == [(4950,)]


def _own_mb(pid: int) -> int:
    """Its memory that is of no file."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) >> 10


def test_large_bodies_leave_no_memory_behind_for_each_connection(
    own_engine: Callable[[], Engine],
) -> None:
    engine, senders = own_engine(), 6
    meet = threading.Barrier(senders)
    body = bytes(16 << 20)
    with engine.http() as http:
        http.post("/", content="CREATE TABLE nowhere (n UInt64) ENGINE = Null").raise_for_status()
    before = _own_mb(engine.process.pid)

    def send() -> None:
        with engine.http() as http:
            insert = {"query": "INSERT INTO nowhere FORMAT RowBinary", "async_insert": "0"}
            for _ in range(2):
                meet.wait(60)
                http.post("/", params=insert, content=body).raise_for_status()

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The engine's own allocator gives back what it has after five seconds.
    wait_until(lambda: _own_mb(engine.process.pid) < before + 64, 20, f"{before} MB before")
