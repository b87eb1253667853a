"""kill -9 of the process that replays, at each step: every line once, the numbers exact."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from storage.clickhouse import client
from storage.facade import RejectQuery, count_rejects
from tests.ingestion.quarantine.victim import LINES, POINTS

pytestmark = [pytest.mark.usefixtures("valkey", "clickhouse"), pytest.mark.timeout(180)]


def test_each_line_is_stored_once_whatever_step_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'control.sqlite3'}"}

    def victim(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.ingestion.quarantine.victim", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    prepared = victim("prepare")
    assert prepared.returncode == 0, prepared.stderr
    for point in POINTS:
        died = victim("run", point)
        assert died.returncode == -signal.SIGKILL, (point, died.stderr)
    ended = victim("run")
    assert ended.returncode == 0, ended.stderr
    replay = json.loads(victim("show").stdout)

    refused = LINES // 10
    found = client.fetch("SELECT message, count() AS n FROM logs GROUP BY message")
    assert Counter(row["n"] for row in found) == {1: LINES - refused}
    assert (replay["state"], replay["stored"]) == ("done", LINES - refused)
    assert (replay["refused"], replay["gone"]) == (refused, 0)
    assert count_rejects(RejectQuery(apps=("shop",))) == refused
    (sums,) = client.fetch(
        "SELECT sum(received) AS received, sum(stored) AS stored, sum(quarantined) AS quarantined,"
        " count() - uniqExact(receipt) AS doubled FROM receipts"
    )
    assert sums == {
        "received": LINES, "stored": LINES - refused, "quarantined": refused, "doubled": 0
    }  # fmt: skip
