"""Beat's schedules are there after `migrate` and stay as people set them."""

from datetime import datetime, timedelta

import pytest
from celery import current_app
from django_celery_beat.models import PeriodicTask

from logplatform.beat import Entry, Scheduler
from logplatform.kernel import clock
from logplatform.schedules import ensure_schedules

pytestmark = pytest.mark.django_db


def test_every_schedule_names_a_task_that_exists() -> None:
    current_app.loader.import_default_modules()
    ours = [
        name
        for name in PeriodicTask.objects.values_list("task", flat=True)
        if "celery." not in name
    ]
    assert ours
    assert set(ours) <= set(current_app.tasks)


def test_an_edited_schedule_is_not_overwritten() -> None:
    PeriodicTask.objects.filter(task="storage.run_retention").update(enabled=False)
    ensure_schedules()
    assert not PeriodicTask.objects.get(task="storage.run_retention").enabled


def due_after(last_run_at: datetime) -> tuple[bool, float, Entry]:
    """Whether beat runs the bells (every 5 s) when it ran them at that time."""
    row = PeriodicTask.objects.get(task="ingestion.ring_bells")
    row.last_run_at = last_run_at
    entry = Entry(row, app=current_app)
    is_due, next_s = entry.is_due()
    return is_due, next_s, entry


def test_a_clock_set_ahead_runs_a_task_once() -> None:
    is_due, _, entry = due_after(clock.now() - timedelta(hours=1))
    assert is_due
    assert not next(entry).is_due()[0]


def test_a_clock_set_back_stops_no_task() -> None:
    is_due, next_s, entry = due_after(clock.now() + timedelta(hours=1))
    assert not is_due
    assert next_s <= 5
    entry.last_run_at -= timedelta(seconds=5)
    assert entry.is_due()[0]


def test_beat_uses_it() -> None:
    assert current_app.conf.beat_scheduler == "logplatform.beat:Scheduler"
    assert Scheduler.Entry is Entry
