"""`manage.py prepare`: everything that must be done before the processes start, each time."""

import time
from typing import Any

import redis
from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from logplatform.embedded.static_files import collect_static_files

_PAUSE_S = 0.1


class Command(BaseCommand):
    """Database, static files, queue settings, log schema, first account: all idempotent."""

    help = "Bring database, static files and log schema up to date; create the first account."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=45.0, metavar="SECONDS", help="for queue and log engine"
        )
        parser.add_argument(
            "--no-static", action="store_true", help="the image has the static files already"
        )

    def handle(self, *args: Any, wait: float, no_static: bool, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if not (settings.DEBUG or no_static):
            collect_static_files()
        deadline = time.monotonic() + wait
        self._check_queue(deadline)
        self._migrate_store(deadline)
        # Late: it needs the models, and most starts are not the first.
        from logplatform.embedded.first_run import ensure_first_run

        if ensure_first_run(settings.ENV.data_dir / "first-run.json"):
            self.stdout.write("Created the first account, app and keys.")

    def _check_queue(self, deadline: float) -> None:
        """Wait for the queue's server and refuse one that may lose what it acknowledged."""
        from ingestion.durability import SettingsHidden, durability_problems

        while True:
            try:
                problems = durability_problems()
            except SettingsHidden as hidden:
                self.stderr.write(f"The queue does not show its settings, check them: {hidden}")
                return
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"The queue cannot be reached: {error}") from error
                time.sleep(_PAUSE_S)
            else:
                break
        if problems:
            raise CommandError("The server at VALKEY_URL may lose lines:\n" + "\n".join(problems))

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
        if tables := facade.forgetful_tables():
            raise CommandError(
                f"The tables {', '.join(tables)} of the log engine do not remember inserts, so that"
                " one repeated after a crash is there twice: set their"
                " non_replicated_deduplication_window (on a cluster: replicated_…) to 10000."
            )
