"""The memory of a web process while it writes large bodies itself, for want of the queue."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingestion import direct
from ingestion.errors import TooBusy
from logplatform.env import child_environment
from tests.ingestion.feeding import make_entry

ROOT = Path(__file__).resolve().parents[2]
MB = 1 << 20
BODIES = 8
# Writes so many bodies of 12 MB at the same time; prints by how much its memory grew at most.
WRITER = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from logplatform.env import suit_parser_process; suit_parser_process()
import django; django.setup()
from django.db import connection
from ingestion import direct
from ingestion.assemble import warm_up
from ingestion.models import DirectWrite
from ingestion.treatment import plans
from tests.ingestion.feeding import make_entry
plans.treatment_of = lambda app, source: plans.default_treatment()
direct._LONGEST_TURN_S = 120
with connection.schema_editor() as editor:
    editor.create_model(DirectWrite)
warm_up()
line = b'{"level":"info","message":"' + b"x" * 150 + b'","n":%d}'
body = b"\\n".join(line % number for number in range(12 * 1024 * 1024 // 190))
entries = [make_entry(body, lines=body.count(b"\\n") + 1) for _ in range(int(sys.argv[1]))]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with ThreadPoolExecutor(len(entries)) as pool:
    answers = list(pool.map(direct.store, entries))
assert {answer.backend for answer in answers} == {"direct"}
assert not DirectWrite.objects.exists()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10)
"""


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("clickhouse")
def test_many_large_bodies_at_once_are_columns_one_after_the_other(tmp_path: Path) -> None:
    """Measured: five times the bodies; nine times where all are columns at the same time."""
    url = f"sqlite:///{tmp_path / 'control.sqlite3'}"
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(BODIES)],
        cwd=ROOT,
        env=child_environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) < 7 * BODIES * 12 * MB


def test_who_waits_too_long_for_its_turn_is_told_to_come_again(monkeypatch) -> None:
    monkeypatch.setattr(direct, "_LONGEST_TURN_S", 0.01)
    large = make_entry(b"x" * (direct._LARGE_BYTES + 1))
    with direct._turn, pytest.raises(TooBusy):
        direct.store(large)
    assert not direct._turn.locked()
