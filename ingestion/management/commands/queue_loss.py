"""`manage.py queue_loss`: says what the queue lost, and takes it off the alarm."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Exits with 1 while a loss is open."""

    help = "Say whether the queue lost data it had acknowledged; --accept ends the alarm."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--accept", action="store_true", help="the senders have sent again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say it, and accept it where asked."""
        from ingestion.loss.models import QueueMark
        from ingestion.loss.watch import accept_loss, sentence

        found = sentence(QueueMark.current())
        if not found:
            self.stdout.write("The queue has lost nothing.")
        elif options["accept"]:
            accept_loss()
            self.stdout.write(f"{found}\nAccepted.")
        else:
            raise CommandError(f"{found} Then run `manage.py queue_loss --accept`.")
