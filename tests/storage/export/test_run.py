"""Large exports: memory stays flat, and nothing runs on when nobody takes the pieces."""

import subprocess
import sys
from pathlib import Path

import pytest

from logplatform.env import child_environment
from storage import facade
from storage.clickhouse import client
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[3]
LINES = 200_000
FILLER = 400
MB = 1 << 20
# Exports one line in each form, then all; prints how long the files were and by how much its
# memory grew.
EXPORTER = """
import resource
import django; django.setup()
from storage import facade
def export(form, q):
    return sum(map(len, facade.export_logs(facade.LogQuery(apps=("shop",), q=q), fmt=form)))
for form in facade.EXPORT_FORMATS:
    export(form, "anomaly_score:1")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lengths = [export(form, "") for form in facade.EXPORT_FORMATS]
print(min(lengths), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10)
"""


@pytest.fixture
def _many(clickhouse: None) -> None:
    """Lines of half a kilobyte that hardly shrink, within an hour; one has a score."""
    client.run(
        "INSERT INTO logs (id, timestamp, received_at, app, attributes, anomaly_score) "
        "SELECT generateUUIDv7(), toDateTime64(1795341600 + number % 3600, 9, 'UTC'), "
        f"toDateTime64(1795345200, 3, 'UTC'), 'shop', "
        f"map('filler', randomPrintableASCII({FILLER})), number = 0 FROM numbers({LINES})"
    )


@pytest.mark.usefixtures("_many")
def test_memory_does_not_grow_with_an_export() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXPORTER],
        cwd=ROOT,
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    length, growth = map(int, done.stdout.split())
    assert length > 0.7 * LINES * FILLER
    assert growth < 40 * MB


@pytest.mark.usefixtures("_many")
def test_an_export_that_nobody_takes_is_ended() -> None:
    running = "SELECT count() AS n FROM system.processes WHERE query LIKE '%toJSONString(%'"
    pieces = facade.export_logs(facade.LogQuery(apps=("shop",)), fmt="ndjson")
    assert next(pieces)
    assert client.fetch(running)[0]["n"] > 1
    pieces.close()
    wait_until(lambda: client.fetch(running)[0]["n"] == 1, 15)
