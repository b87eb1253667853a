"""The base of all Celery tasks: a service that is away ends one with a sentence, not a traceback.

Every task can be rung again: a schedule of beat does, so nothing is lost by giving up.
"""

import logging
from typing import Any

from celery import Task

from logplatform.away import sentence_of

logger = logging.getLogger(__name__)


class Bell(Task):
    """Runs a task; where a service it needs is away, says so and leaves the rest to the next."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            said = sentence_of(error)
            if not said:
                raise
            logger.warning("%s waits for its next turn. %s", self.name, said)
            return None
