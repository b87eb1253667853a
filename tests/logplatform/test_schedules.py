"""Beat's schedules are there after `migrate` and stay as people set them."""

import pytest
from celery import current_app

from logplatform.schedules import ensure_schedules

pytestmark = pytest.mark.django_db


def test_every_schedule_names_a_task_that_exists() -> None:
    from django_celery_beat.models import PeriodicTask

    current_app.loader.import_default_modules()
    ours = [
        name
        for name in PeriodicTask.objects.values_list("task", flat=True)
        if "celery." not in name
    ]
    assert ours
    assert set(ours) <= set(current_app.tasks)


def test_an_edited_schedule_is_not_overwritten() -> None:
    from django_celery_beat.models import PeriodicTask

    PeriodicTask.objects.filter(task="storage.run_retention").update(enabled=False)
    ensure_schedules()
    assert not PeriodicTask.objects.get(task="storage.run_retention").enabled
