"""Schedules as people say them."""

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from logplatform.schedule_words import crontab_words, interval_words, schedule_words


@pytest.mark.parametrize(
    ("every", "period", "words"),
    [
        (5, "seconds", "every 5 seconds"),
        (60, "seconds", "every minute"),
        (300, "seconds", "every 5 minutes"),
        (90, "seconds", "every 90 seconds"),
        (24, "hours", "every day"),
        (2, "days", "every 2 days"),
        (10, "microseconds", "every 10 microseconds"),
    ],
)
def test_intervals_are_told_in_the_largest_unit(every: int, period: str, words: str) -> None:
    assert interval_words(every, period) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"hour": "3", "minute": "17"}, "every day at 03:17 UTC"),
        ({"hour": "*", "minute": "5"}, "every hour at 5 min past"),
        ({"hour": "22", "minute": "0", "day_of_week": "1"}, "every Monday at 22:00 UTC"),
    ],
)
def test_times_of_day_are_told_with_their_zone(fields: dict[str, str], words: str) -> None:
    assert crontab_words(CrontabSchedule(**fields)) == words


@pytest.mark.parametrize("fields", [{"minute": "*/7"}, {"hour": "1,2", "minute": "0"}])
def test_unusual_times_are_told_somehow(fields: dict[str, str]) -> None:
    assert crontab_words(CrontabSchedule(**fields))


@pytest.mark.django_db
def test_every_schedule_there_is_from_the_start_reads_well() -> None:
    words = {task.name: schedule_words(task) for task in PeriodicTask.objects.all()}
    assert words["Remove expired lines"] == "every day at 03:17 UTC"
    assert all(text.startswith("every ") for text in words.values())
