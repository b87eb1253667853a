"""`manage.py beat_alive`: the health check of the beat container."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from logplatform.kernel import clock

# Beat saves when it last rang every three minutes.
LONGEST_SILENCE = timedelta(minutes=8)


class Command(BaseCommand):
    """Fails unless beat ran a schedule lately."""

    help = "Exit with 0 if beat ran one of its schedules in the last eight minutes."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare the newest `last_run_at` with the clock."""
        from django_celery_beat.models import PeriodicTask

        newest = PeriodicTask.objects.aggregate(newest=Max("last_run_at"))["newest"]
        if newest is None or clock.now() - newest > LONGEST_SILENCE:
            raise CommandError(f"beat has run nothing since {newest or 'its first start'}.")
        self.stdout.write(f"beat last ran a schedule at {newest:%H:%M:%S} UTC.")
