"""`manage.py ship FILE…`: ships files with remembered positions."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ingestion.shipper.client import IngestClient
from ingestion.shipper.follow import Follower, FollowOptions
from ingestion.shipper.positions import locked_positions
from ingestion.shipper.retry import Retry, Stopped
from ingestion.shipper.sending import Sender
from ingestion.shipper.stopping import stop_signals
from logplatform.kernel.errors import PlatformError
from logplatform.remote.client import Target, Unavailable
from logplatform.remote.target import find_target

SETTLE_S = 60.0
_TALK_EVERY_S = 0.2


class Command(BaseCommand):
    """Ships log files; each line once, across restarts and rotation."""

    help = (
        "Ship log files (also .gz). A file not seen before is shipped from its start, a known one "
        "from where the last run stopped; rotation by rename, copy-and-truncate or compression "
        "is recognised by content."
    )
    requires_system_checks = ()
    _complaints = 0

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `ship`."""
        parser.add_argument("files", nargs="+", metavar="FILE", help="a path or a quoted pattern")
        parser.add_argument("--url", default="", help="default: of the first start")
        parser.add_argument("--key", default="", help="default: of the first start")
        parser.add_argument("--format", default="", help="log format; default: detected")
        parser.add_argument("--follow", action="store_true", help="go on like tail -F, for ever")
        parser.add_argument("--from-start", action="store_true", help="ship known files again")
        parser.add_argument("--wait", action="store_true", help="wait until lines are searchable")
        parser.add_argument("--state", type=Path, help="positions; default: in DATA_DIR/ship/")
        parser.add_argument(
            "--line-timeout",
            type=float,
            default=5.0,
            metavar="S",
            help="with --follow: seconds a last line may wait for its newline",
        )
        parser.add_argument(
            "--retry-for",
            type=float,
            default=300.0,
            metavar="S",
            help="without --follow: seconds to try again while the platform takes nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ship, then say what became of the lines."""
        try:
            target = find_target(settings.ENV.data_dir, url=options["url"], key=options["key"])
            with stop_signals() as wait:
                self._ship(target, options, wait)
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error

    def _ship(self, target: Target, options: dict[str, Any], wait: Callable[[float], bool]) -> None:
        sender = Sender(
            client=IngestClient(target),
            retry=self._retry(options, wait),
            format=options["format"],
            is_waiting=options["wait"],
        )
        show = _Progress(sender, is_shown=sys.stderr.isatty())
        with locked_positions(options["state"] or _state_file(target)) as positions:
            follower = Follower(
                _follow_options(options),
                positions=positions,
                send=show.after(sender.send),
                wait=wait,
                warn=self._complain,
            )
            try:
                follower.run()
            except Stopped:
                pass
            finally:
                show.clear()
                self._conclude(sender, wait)
        if self._complaints:
            raise CommandError(f"{self._complaints} of the files could not be shipped whole.")

    def _conclude(self, sender: Sender, wait: Callable[[float], bool]) -> None:
        sender.tally.settle(sender.client, timeout_s=SETTLE_S, wait=wait)
        sender.client.close()
        self.stdout.write(sender.tally.sentence())

    def _retry(self, options: dict[str, Any], wait: Callable[[float], bool]) -> Retry:
        def tell(error: Unavailable, pause_s: float) -> None:
            self.stderr.write(f"{error.text} Trying again in {pause_s:.0f} s.")

        give_up_after_s = None if options["follow"] else options["retry_for"]
        return Retry(wait=wait, give_up_after_s=give_up_after_s, tell=tell)

    def _complain(self, error: PlatformError) -> None:
        self._complaints += 1
        self.stderr.write(f"{error.text} {error.advice}")


class _Progress:
    """One line on the terminal that is written over."""

    def __init__(self, sender: Sender, *, is_shown: bool) -> None:
        self._tally = sender.tally
        self._is_shown = is_shown
        self._began = self._shown_at = time.monotonic()

    def after(self, send: Callable[[bytes, str], None]) -> Callable[[bytes, str], None]:
        """`send`, with the line brought up to date after it."""

        def send_and_show(lines: bytes, key: str) -> None:
            send(lines, key)
            self._show()

        return send_and_show

    def clear(self) -> None:
        """Leave an empty line."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")

    def _show(self) -> None:
        now = time.monotonic()
        if not self._is_shown or now - self._shown_at < _TALK_EVERY_S:
            return
        self._shown_at = now
        rate = self._tally.accepted / max(now - self._began, 0.001)
        sys.stderr.write(
            f"\r\x1b[K{self._tally.accepted:,} lines · "
            f"{self._tally.content_bytes / 1e6:,.0f} MB · {rate:,.0f} lines/s"
        )
        sys.stderr.flush()


def _follow_options(options: dict[str, Any]) -> FollowOptions:
    return FollowOptions(
        patterns=tuple(options["files"]),
        is_following=options["follow"],
        is_from_start=options["from_start"],
        line_timeout_s=options["line_timeout"],
    )


def _state_file(target: Target) -> Path:
    """One file for each address: positions at one installation mean nothing at another."""
    where = urlsplit(target.url).netloc.replace(":", "_")
    folder: Path = settings.ENV.data_dir / "ship"
    return folder / f"{where}.json"
