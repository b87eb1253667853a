"""`Log.objects`: the lazy, chainable way to stored lines."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from storage.models import Log


class LogManager(models.Manager["Log"]):
    """Entry point of `Log.objects`."""

    use_in_migrations = False
