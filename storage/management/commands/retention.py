"""`manage.py retention [--dry-run]`: what beat runs, by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError


class Command(BaseCommand):
    """Removes lines past their app's term, or shows what would go."""

    help = "Remove log lines that are past their app's retention, and record the run."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--dry-run` changes nothing."""
        parser.add_argument("--dry-run", action="store_true", help="only show what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints a line per app."""
        try:
            self._preview() if options["dry_run"] else self._clean_up()
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error

    def _preview(self) -> None:
        from storage.cleanup import current_terms
        from storage.retention import expired_counts

        terms = current_terms()
        counts = expired_counts(terms, clock.now())
        for app, days in sorted(terms.items()):
            kept = f"kept {days} days" if days else "kept for ever"
            self.stdout.write(f"{app}: {counts[app]} lines would go ({kept})")
        self.stdout.write(f"{sum(counts.values())} lines would go; nothing was removed.")

    def _clean_up(self) -> None:
        from storage.cleanup import clean_up

        run = clean_up()
        if run is None:
            raise CommandError("Another clean-up is at work; wait for it.")
        for app, lines in run.per_app.items():
            self.stdout.write(f"{app}: {lines} lines removed")
        self.stdout.write(
            f"{run.lines} lines removed, {run.partitions} whole days dropped, "
            f"{run.duration_s or 0:.1f} s."
        )
