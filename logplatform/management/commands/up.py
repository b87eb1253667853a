"""`manage.py up`: starts everything in the foreground and stops it in order."""

import json
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from logplatform.embedded.runtime import check_port, last_run, locked
from logplatform.embedded.services import open_installation, stages_of, web_url
from logplatform.embedded.supervisor.loop import StartError, Supervisor
from logplatform.embedded.supervisor.printer import Printer
from logplatform.embedded.supervisor.processes import end_leftovers
from logplatform.env import Env
from logplatform.kernel.errors import PlatformError

EXIT_REFUSED = 2


class Command(BaseCommand):
    """The supervisor of one installation."""

    help = "Start everything in the foreground: services, web, worker, beat. Ctrl-C stops it."
    requires_system_checks = ()  # `prepare` makes them, when the services are there

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with generated live traffic")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        env: Env = settings.ENV
        os.umask(0o077)  # what all children write is for their owner, whatever the folder allows
        try:
            with locked(env):
                self._run(env, is_demo=demo)
        except PlatformError as error:
            raise CommandError(f"{error.text}\n{error.advice}", returncode=EXIT_REFUSED) from None

    def _run(self, env: Env, *, is_demo: bool) -> None:
        printer = Printer(sys.stdout)
        if count := end_leftovers(last_run(env)):
            printer.say(f"ended {count} processes of a run that was killed")
        check_port(env)
        is_first = not (env.data_dir / "first-run.json").exists()
        installation = open_installation(env)
        supervisor = Supervisor(stages_of(installation, is_demo=is_demo), printer)
        printer.say(f"starting on {env.data_dir}")
        try:
            supervisor.run(on_ready=lambda: _welcome(env, printer, is_first=is_first))
        except StartError as error:
            raise CommandError(f"Could not start: {error}") from None
        printer.say("stopped")


def _welcome(env: Env, printer: Printer, *, is_first: bool) -> None:
    """Where to go; on the first start with password and keys, which are not shown again."""
    path = env.data_dir / "first-run.json"
    lines = [f"Logplatform is ready: {web_url(env)}   (Ctrl-C stops it)"]
    if is_first and path.exists():
        first = json.loads(path.read_text())
        lines += [
            "",
            f"  user        {first['username']}",
            f"  password    {first['password']}",
            f"  ingest key  {first['ingest_key']}",
            f"  query key   {first['query_key']}",
            "",
            f"  These are shown once; they are kept in {path}.",
            "  Send a first line:",
            "",
            f'  curl {first["url"]}/api/v1/ingest -H "Authorization: Bearer '
            f'{first["ingest_key"]}" -d '
            '\'{"level": "info", "service": "hello", "message": "It works"}\'',
        ]
    printer.text("\n" + "\n".join(lines) + "\n")
