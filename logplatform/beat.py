"""Beat's schedule from the database, for machines whose clock may be set."""

from datetime import datetime
from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry


class Entry(ModelEntry):
    """One schedule: a clock set ahead runs it once, a clock set back does not stop it."""

    last_run_at: datetime | None

    def is_due(self) -> Any:
        """Whether to run it now, and when to look again."""
        now = self._default_now()
        if self.last_run_at and self.last_run_at > now:
            self.last_run_at = self.model.last_run_at = now
        return super().is_due()


class Scheduler(DatabaseScheduler):
    """`CELERY_BEAT_SCHEDULER`; it looks at every schedule anew within five minutes."""

    Entry = Entry
