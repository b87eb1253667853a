"""`manage.py generate`: makes realistic log lines for stdout, a file or the API."""

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ingestion.generator.events import EventSource
from ingestion.generator.lines import CSV_COLUMNS, FORMATS
from ingestion.generator.pace import Plan, event_times
from ingestion.shipper.client import IngestClient
from ingestion.shipper.retry import Retry, Stopped
from ingestion.shipper.sending import Sender
from ingestion.shipper.stopping import stop_signals
from logplatform.kernel.errors import PlatformError
from logplatform.remote.client import Unavailable
from logplatform.remote.target import find_target

Write = Callable[[str], None]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Command(BaseCommand):
    """Writes made-up traffic of five services."""

    help = (
        "Make log lines of five services (api, auth, payment, search, worker), with a service in "
        "trouble for six seconds of each minute."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `generate`."""
        parser.add_argument("--format", choices=sorted(FORMATS), default="json")
        parser.add_argument(
            "--rate",
            type=_positive,
            default=0,
            metavar="N",
            help="lines a second; default: no limit",
        )
        parser.add_argument(
            "--burst", type=_positive, default=1, metavar="X", help="factor on the rate in trouble"
        )
        parser.add_argument(
            "--count", type=_whole, metavar="N", help="lines in all; default: for ever"
        )
        parser.add_argument(
            "--over",
            type=_duration,
            default=0,
            metavar="SPAN",
            help="spread the times of --count lines over the last 30m, 6h, 7d …",
        )
        parser.add_argument("--seed", type=int, help="the same lines again (but for their times)")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--output", default="-", metavar="FILE", help="default: - for stdout")
        where.add_argument(
            "--to-api", nargs="?", const="", metavar="URL", help="default: of the first start"
        )
        parser.add_argument("--key", default="", help="default: of the first start")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make lines until the count is reached or Ctrl-C."""
        if options["over"] and (not options["count"] or options["rate"]):
            raise CommandError("--over needs --count and cannot be used with --rate.")
        try:
            with stop_signals() as wait, self._opened(options, wait) as write:
                _generate(options, write, wait)
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error
        except Stopped:
            pass
        except BrokenPipeError:
            # `generate | head`: or Python complains when it flushes the closed pipe at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _opened(self, options: dict[str, Any], wait: Callable[[float], bool]) -> Any:
        if options["to_api"] is not None:
            return self._api(options, wait)
        header = _header(options["format"])
        if options["output"] == "-":
            return self._stdout(header)
        return _file(options["output"], header)

    @contextmanager
    def _stdout(self, header: str) -> Iterator[Write]:
        self.stdout.write(header, ending="")

        def write(text: str) -> None:
            self.stdout.write(text, ending="")
            self.stdout.flush()

        yield write

    @contextmanager
    def _api(self, options: dict[str, Any], wait: Callable[[float], bool]) -> Iterator[Write]:
        target = find_target(settings.ENV.data_dir, url=options["to_api"], key=options["key"])
        name = options["format"]
        sender = Sender(
            client=IngestClient(target),
            retry=Retry(wait=wait, give_up_after_s=None, tell=self._tell),
            # CSV is never guessed; every other format is.
            format="csv" if name == "csv" else "",
            content_type="application/x-ndjson" if name == "json" else "text/plain; charset=utf-8",
        )
        headers = iter([_header(name)])
        try:
            yield lambda text: sender.send(f"{next(headers, '')}{text}".encode())
        finally:
            sender.client.close()
            self.stdout.write(f"Sent {sender.tally.accepted:,} lines.")

    def _tell(self, error: Unavailable, pause_s: float) -> None:
        self.stderr.write(f"{error.text} Trying again in {pause_s:.0f} s.")


def _header(name: str) -> str:
    return f"{CSV_COLUMNS}\n" if name == "csv" else ""


def _generate(options: dict[str, Any], write: Write, wait: Callable[[float], bool]) -> None:
    source = EventSource(seed=options["seed"], is_http_only=options["format"] == "nginx")
    render = FORMATS[options["format"]]
    plan = Plan(
        rate=options["rate"],
        burst=options["burst"],
        count=options["count"],
        over_s=options["over"],
    )
    for times in event_times(plan, wait=wait):
        write("".join([f"{render(source.event(at))}\n" for at in times]))


@contextmanager
def _file(name: str, header: str) -> Iterator[Write]:
    with open(name, "a", encoding="utf-8") as file:

        def write(text: str) -> None:
            file.write(text)
            file.flush()

        if file.tell() == 0:
            write(header)
        yield write


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if number <= 0:
        raise ArgumentTypeError(f"needs a number greater than 0, not {text!r}")
    return number


def _whole(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ArgumentTypeError(f"needs a whole number greater than 0, not {text!r}")
    return int(text)


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise ArgumentTypeError(f"needs a span such as 30m, 6h or 7d, not {text!r}")
    return float(int(match[1]) * _UNITS[match[2]])
