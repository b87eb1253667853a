"""Beat's schedule from the database, for machines whose clock may be set."""

import logging
from datetime import datetime
from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from logplatform.away import sentence_of

logger = logging.getLogger(__name__)


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

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Ring for a schedule that is due; one that cannot be rung for is due again."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:
            # What Celery raises hides the cause behind a text of its own.
            said = sentence_of(error.__context__)
            words = {"schedule": entry.name}
            logger.warning("Nobody was rung. %s", said or error, extra=words, exc_info=not said)
