"""The schedules beat starts with; they live in the database and are edited in the admin.

Each is created once and never overwritten, so an administrator's change stays.
"""

from typing import Any

_EVERY: dict[str, tuple[str, int, str]] = {
    "Take up lines that wait": ("ingestion.ring_bells", 5, "seconds"),
    "Finish what was written without the queue": ("ingestion.finish_direct", 5, "seconds"),
    "Save when keys were last used": ("ingestion.save_key_use", 60, "seconds"),
    "Go on with replays nobody works on": ("ingestion.resume_replays", 30, "seconds"),
    "Bound the quarantine": ("ingestion.bound_quarantine", 300, "seconds"),
    "Remove what deleted apps left": ("ingestion.remove_closed", 300, "seconds"),
    "Compare the ledger with the store": ("ingestion.reconcile", 60, "seconds"),
    "Look whether the queue has its data": ("ingestion.watch_queue", 10, "seconds"),
    "Book bodies that came again": ("ingestion.book_repeats", 60, "seconds"),
    "Count lines written past the queue": ("ingestion.count_direct", 60, "seconds"),
    "Count days again whose lines changed": ("storage.recount", 300, "seconds"),
    "Merge counts of days that are over": ("storage.merge_counts", 900, "seconds"),
}
_DAILY: dict[str, tuple[str, str, str]] = {
    "Remove expired lines": ("storage.run_retention", "3", "17"),
}


def ensure_schedules(**_: Any) -> None:
    """Create the schedules that are missing; runs after every `migrate`."""
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

    for name, (task, every, period) in _EVERY.items():
        interval, _created = IntervalSchedule.objects.get_or_create(every=every, period=period)
        defaults = {"task": task, "interval": interval, "expire_seconds": every}
        PeriodicTask.objects.get_or_create(name=name, defaults=defaults)
    for name, (task, hour, minute) in _DAILY.items():
        crontab, _created = CrontabSchedule.objects.get_or_create(hour=hour, minute=minute)
        defaults = {"task": task, "crontab": crontab}
        PeriodicTask.objects.get_or_create(name=name, defaults=defaults)
