"""`manage.py reconcile [--since TIME]`: whether every request has the lines its receipt says."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser

from logplatform.kernel.errors import PlatformError


class Command(BaseCommand):
    """Compares receipts with stored lines; exits with 1 where they differ."""

    help = (
        "Compare receipts with stored lines by source and minute of arrival, print what differs, "
        "and exit with 1 if anything does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """`--since` looks again at what was checked before."""
        parser.add_argument(
            "--since",
            metavar="TIME",
            help="check again from here on, for example now-2h or 2026-11-22; at most 30 days",
        )

    def handle(self, *args: Any, since: str | None, **options: Any) -> None:
        """Prints a line for each source and minute that differs."""
        try:
            self._check(since)
        except redis.RedisError as error:
            raise CommandError("The queue cannot be asked what still waits.") from error
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error
        self._tell()

    def _check(self, since: str | None) -> None:
        from ingestion.ledger.reconcile import check_again, check_new
        from storage.facade import read_moment

        moment = read_moment(since) if since else None
        if since and moment is None:
            raise CommandError(f"'{since}' is no time; write now-2h or 2026-11-22T10:00:00Z.")
        checked = check_again(moment) if moment else check_new()
        if checked is None:
            self.stdout.write("Another check is at work; this is what is known.")
        elif checked.start >= checked.end:
            self.stdout.write("Nothing new has settled.")
        else:
            span = f"{checked.start:%Y-%m-%d %H:%M} to {checked.end:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"Checked what arrived from {span}.")

    def _tell(self) -> None:
        from ingestion.ledger.gaps import open_gaps

        gaps = list(open_gaps().order_by("minute", "app__slug", "source"))
        for gap in gaps:
            named = ", ".join(row["receipt"] or "no receipt" for row in gap.receipts[:3])
            self.stdout.write(
                f"{gap.minute:%Y-%m-%d %H:%M} {gap.app.slug}/{gap.source}: "
                f"{gap.booked} booked, {gap.found} found; {gap.lost} lost, {gap.doubled} doubled, "
                f"{gap.unbooked} without a receipt ({named or 'no key'})"
            )
        if gaps:
            raise CommandError(f"Ledger and store differ in {len(gaps)} places.", returncode=1)
        self.stdout.write("Every receipt has its lines.")
