"""A service that is away: one sentence says which, where and what to do, and no traceback."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError as BrokerError

from ingestion.errors import RulesUnavailable
from logplatform import beat
from logplatform.away import WithoutTraceback, sentence_of
from logplatform.celery import app
from logplatform.env import child_environment
from logplatform.kernel.jsonlog import JsonFormatter
from logplatform.schedules import ensure_schedules
from storage.facade import StoreError, StoreUnavailable
from tests import environment
from tests.ingestion.test_queue import put
from tests.outages import engine_away, queue_away
from tests.services import wait_until

app.loader.import_default_modules()
ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(name for name in app.tasks if name.split(".")[0] in ("ingestion", "storage"))
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "ingestion.drain": (0,),
    "ingestion.replay": ("00000000-0000-0000-0000-000000000001",),
}


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "part", "service", "why"),
    [
        (redis.ConnectionError("Error 111"), "queue", "VALKEY_URL", "Error 111"),
        (redis.BusyLoadingError("Loading"), "queue", "VALKEY_URL", "Loading"),
        (redis.ResponseError("MISCONF Errors writing"), "queue", "VALKEY_URL", "Errors writing"),
        (redis.ReadOnlyError("You can't write"), "queue", "VALKEY_URL", "You can't write"),
        (BrokerError("Connection refused"), "queue", "VALKEY_URL", "refused"),
        (StoreUnavailable("disk full"), "log engine", "CLICKHOUSE_URL", "disk full"),
        (OperationalError("database is locked"), "database", "DB", "is locked"),
        (raised(RulesUnavailable(), OperationalError("gone")), "database", "DB", "gone"),
    ],
)
def test_a_service_is_named_with_its_address_and_what_to_do(
    error, part, service, why, settings
) -> None:
    url = getattr(settings, service, "file:memorydb_default")
    where = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path
    said = sentence_of(error)
    for words in (f"The {part}", where, why, "Nothing that was accepted is lost", "start it"):
        assert words in said
    assert environment.PASSWORD not in said


@pytest.mark.parametrize(
    "error", [ValueError("x"), redis.ResponseError("WRONGTYPE"), StoreError(), KeyError("x"), None]
)
def test_mistakes_of_ours_keep_their_traceback(error) -> None:
    assert sentence_of(error) == ""


@pytest.mark.parametrize(
    ("error", "is_short"), [(redis.TimeoutError("t"), True), (OSError(), False)]
)
def test_a_log_line_has_the_sentence_in_the_place_of_the_traceback(error, is_short) -> None:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "No figure", (), sys.exc_info())
    assert WithoutTraceback().filter(record)
    line = json.loads(JsonFormatter().format(record))
    assert ("why" in line, "exception" in line) == (is_short, not is_short)


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("name", OURS)
def test_no_task_breaks_over_services_that_are_away(name: str, caplog) -> None:
    with queue_away(), engine_away():
        assert not app.tasks[name](*ARGUMENTS.get(name, ()))
    said = [record.getMessage() for record in caplog.records if record.name == "logplatform.bells"]
    assert len(said) <= 1
    assert all(line.startswith(f"{name} waits for its next turn. The ") for line in said)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_is_wrong_with_a_task_itself_is_raised(monkeypatch) -> None:
    task = app.tasks["storage.recount"]

    def stop(_now: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("storage.rollups.upkeep.recount_marked", stop)
    with pytest.raises(SoftTimeLimitExceeded):
        task()


@pytest.mark.django_db
def test_beat_says_in_a_sentence_that_nobody_can_be_rung(caplog) -> None:
    ensure_schedules()
    port = environment.free_port()
    nobody = Celery("x", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
    nobody.conf.task_publish_retry = False
    scheduler = beat.Scheduler(nobody, lazy=True)
    entry = beat.Entry(PeriodicTask.objects.get(task="storage.recount"), app=nobody)
    scheduler.apply_entry(entry)
    (record,) = [each for each in caplog.records if each.name == "logplatform.beat"]
    assert record.getMessage().startswith("Nobody was rung. The queue (Valkey at ")
    assert record.exc_info in (None, False)


@pytest.fixture
def worker_log(valkey: redis.Redis, tmp_path: Path) -> Iterator[Path]:
    """What a real worker writes, whose engine is away."""
    log = tmp_path / "worker.log"
    engine = f"http://default:secret-words@127.0.0.1:{environment.free_port()}/default"
    changes = {"CLICKHOUSE_URL": engine, "DATA_DIR": str(tmp_path), "LOG_LEVEL": "INFO"}
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "logplatform.celery", "worker"]
    command += ["--pool", "solo", "--without-gossip", "--without-mingle"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, env=child_environment(**changes)
        )
    yield log
    process.terminate()
    process.wait(30)


@pytest.mark.timeout(120)
def test_a_worker_without_an_engine_writes_sentences(worker_log: Path) -> None:
    put(b"a line that waits")
    for name in ("storage.recount", "ingestion.bound_quarantine", "ingestion.save_key_use"):
        app.tasks[name].delay()
    asked = ("storage.recount", "ingestion.bound_quarantine")

    def said() -> list[str]:
        text = worker_log.read_text()
        return [line for line in text.splitlines() if "waits for its next turn" in line]

    wait_until(lambda: len(said()) >= len(asked), 90, worker_log.read_text)
    text = worker_log.read_text()
    assert "Traceback" not in text
    assert "raised unexpected" not in text
    assert "secret-words" not in text
    for name in asked:
        (line,) = [line for line in said() if name in line]
        entry = json.loads(line)
        assert entry["level"] == "WARNING"
        assert "The log engine (ClickHouse at 127.0.0.1:" in entry["message"]
        assert "start it" in entry["message"]
