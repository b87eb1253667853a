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

pytestmark = [pytest.mark.usefixtures("valkey", "clickhouse"), pytest.mark.timeout(240)]


def test_each_line_is_stored_once_whatever_step_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'control.sqlite3'}"}
    command = [sys.executable, "-m", "tests.ingestion.quarantine.victim"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert told.returncode == 0, told.stderr
    story = json.loads(told.stdout)
    died = dict.fromkeys(POINTS, -signal.SIGKILL)
    assert story["outcomes"] == {"prepared": 0, **died, "finished": 0}, told.stderr

    refused = LINES // 10
    found = client.fetch("SELECT message, count() AS n FROM logs GROUP BY message")
    assert Counter(row["n"] for row in found) == {1: LINES - refused}
    replay = story["replay"]
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
