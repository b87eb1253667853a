"""`manage.py prepare`: everything that must be done before the processes start, each time."""

import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from logplatform.embedded.static_files import collect_static_files

_PAUSE_S = 0.1


class Command(BaseCommand):
    """Database, static files, schema of the log engine, first account: all idempotent."""

    help = "Bring database, static files and log schema up to date; create the first account."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=45.0, metavar="SECONDS", help="for the log engine"
        )
        parser.add_argument(
            "--no-static", action="store_true", help="the image has the static files already"
        )

    def handle(self, *args: Any, wait: float, no_static: bool, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if not (settings.DEBUG or no_static):
            collect_static_files()
        self._migrate_store(time.monotonic() + wait)
        # Late: it needs the models, and most starts are not the first.
        from logplatform.embedded.first_run import ensure_first_run

        if ensure_first_run(settings.ENV.data_dir / "first-run.json"):
            self.stdout.write("Created the first account, app and keys.")

    def _migrate_store(self, deadline: float) -> None:
        from storage import facade

        while True:
            try:
                applied = facade.migrate()
            except facade.StoreUnavailable as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"The log engine cannot be reached: {error}") from error
                time.sleep(_PAUSE_S)
            else:
                break
        for name in applied:
            self.stdout.write(f"Applied the log schema step {name}.")
