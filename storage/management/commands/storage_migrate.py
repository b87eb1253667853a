"""`manage.py storage_migrate`: brings the schema of the log engine up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from logplatform.kernel.errors import PlatformError


class Command(BaseCommand):
    """Applies the numbered steps that are missing; doing it twice changes nothing."""

    help = "Create or update the tables of the log engine."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Names every step applied now."""
        from storage import facade

        try:
            applied = facade.migrate()
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error
        for name in applied:
            self.stdout.write(f"Applied {name}")
        if not applied:
            self.stdout.write("The log store is up to date.")
