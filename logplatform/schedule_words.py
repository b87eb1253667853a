"""Schedules in plain words: "every 5 minutes", "every day at 03:17 UTC"."""

from typing import Any

_UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def interval_words(every: int, period: str) -> str:
    """An interval in the largest unit that fits: 300 seconds are 5 minutes."""
    if period not in _UNITS:
        return f"every {every} {period}"
    total_s = every * _UNITS[period]
    unit, size = next(pair for pair in _UNITS.items() if total_s % pair[1] == 0)
    number = total_s // size
    return f"every {unit.removesuffix('s')}" if number == 1 else f"every {number} {unit}"


def crontab_words(crontab: Any) -> str:
    """A time of day in words; unusual ones as django-celery-beat says them."""
    minute, hour, zone = crontab.minute, crontab.hour, crontab.timezone
    is_plain = crontab.day_of_month == crontab.month_of_year == "*" and minute.isdigit()
    day = crontab.day_of_week
    if not is_plain or not (day == "*" or day in list("0123456")):
        return str(crontab.human_readable)
    if hour == "*" and day == "*":
        return f"every hour at {int(minute)} min past"
    if not hour.isdigit():
        return str(crontab.human_readable)
    when = "day" if day == "*" else _DAYS[int(day)]
    return f"every {when} at {int(hour):02}:{int(minute):02} {zone}"


def schedule_words(task: Any) -> str:
    """When a periodic task runs."""
    if task.crontab:
        return crontab_words(task.crontab)
    if task.interval:
        return interval_words(task.interval.every, task.interval.period)
    return str(task.scheduler)
