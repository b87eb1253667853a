"""`manage.py logs 'QUERY'`: searches from the terminal, and follows live."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analytics.terminal.ask import MAX_LINES, Question, moment, newest, why_nothing
from analytics.terminal.inert import inert
from analytics.terminal.show import FORMATS, Record, csv_head, show_as
from logplatform.kernel.errors import PlatformError
from logplatform.remote.client import RemoteClient, Target
from logplatform.remote.target import find_target
from storage import facade as storage

_TAIL_LINES, _LINES = 10, 100


class Command(BaseCommand):
    """Prints the newest lines that a query finds, oldest first."""

    help = (
        "Search lines; the newest are printed, oldest first. --tail goes on with new ones. Asks "
        "the installation of DATA_DIR, or the one of --url and --key, or of LOGPLATFORM_URL and "
        "LOGPLATFORM_KEY."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `logs`."""
        parser.add_argument("query", nargs="?", default="", help="as in the explorer; quote it")
        parser.add_argument(
            "--since", default="", help="1h, 15m, 7d, or ISO-8601; default: an hour before the end"
        )
        parser.add_argument("--until", default="", help="the same; default: now")
        parser.add_argument("--tail", action="store_true", help="go on with new lines")
        parser.add_argument(
            "-n",
            "--lines",
            type=int,
            metavar="N",
            help=f"lines at most; default {_LINES}, with --tail {_TAIL_LINES}",
        )
        parser.add_argument("-o", "--output", choices=FORMATS, default="pretty")
        parser.add_argument(
            "--fields", default="", metavar="A,B", help="only these, such as level,message,status"
        )
        parser.add_argument("--app", default="", help="slug; a key has one app")
        parser.add_argument("--url", default="", help="another installation")
        parser.add_argument("--key", default="", help="a key with the query scope")

    def handle(self, *args: Any, **options: Any) -> None:
        """Search, print, and follow if wanted."""
        try:
            self._search(options)
        except PlatformError as error:
            raise CommandError(inert(f"{error.text}\n{error.advice}")) from error
        except KeyboardInterrupt:
            return
        except BrokenPipeError:
            # The reader, such as a pager, has left; nothing may be written at exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _search(self, options: dict[str, Any]) -> None:
        if options["tail"] and options["until"]:
            raise CommandError("A tail has no end: leave --until or --tail away.")
        target = _target(options)
        count = _count(options)
        question = Question(
            q=options["query"],
            app=options["app"],
            start=moment(options["since"]),
            end="" if options["tail"] else moment(options["until"]),
        )
        put = self._printer(options)
        client = RemoteClient(target)
        if not options["tail"]:
            found = newest(client, question, count)
            for record in found:
                put(record)
            for sentence in () if found else why_nothing(client, question):
                self._tell(sentence)
            return
        from analytics.terminal.follow import Follower  # loads the WebSocket client

        follower = Follower(target, question, client=client, tell=self._tell, pause=Event().wait)
        for record in follower.lines(lambda: newest(client, question, count)):
            put(record)

    def _printer(self, options: dict[str, Any]) -> Callable[[Record], None]:
        """Writes records; of CSV, the names first. A tail is flushed line by line."""
        fields = [name for name in storage.split_names(options["fields"]) if name]
        is_coloured = options["force_color"] or (
            self.stdout.isatty() and not options["no_color"] and not settings.ENV.no_color
        )
        show = show_as(options["output"], fields, is_coloured=is_coloured)
        if options["output"] == "csv":
            self.stdout.write(csv_head(fields))

        def put(record: Record) -> None:
            self.stdout.write(show(record))
            if options["tail"]:
                self.stdout.flush()

        return put

    def _tell(self, text: str) -> None:
        self.stderr.write(inert(text))


def _target(options: dict[str, Any]) -> Target:
    env = settings.ENV
    return find_target(
        env.data_dir,
        url=options["url"] or env.logplatform_url,
        key=options["key"] or env.logplatform_key,
        scope="query",
    )


def _count(options: dict[str, Any]) -> int:
    usual = _TAIL_LINES if options["tail"] else _LINES
    count: int = usual if options["lines"] is None else options["lines"]
    least = 0 if options["tail"] else 1
    if not least <= count <= MAX_LINES:
        raise CommandError(f"-n needs a number from {least} to {MAX_LINES}.")
    return count
