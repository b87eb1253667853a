"""How far the ledger is checked, and where it differs from the store."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from storage.models import App

_ABANDONED = timedelta(minutes=10)


class LedgerCheck(models.Model):
    """How far the check has come; one row. All of its changes are compare-and-set."""

    until = models.DateTimeField(help_text="Arrivals before this are checked.")
    late_until = models.DateTimeField(help_text="So are receipts written later, up to this.")
    since = models.DateTimeField(help_text="Nothing that arrived earlier is checked.")
    started_at = models.DateTimeField(null=True, help_text="A check is at work since.")
    ran_at = models.DateTimeField(null=True, help_text="The last check ended.")

    def __str__(self) -> str:
        return f"Checked until {self.until:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def current(cls, now: datetime) -> Self:
        """The row; made where there is none, so that checking begins now."""
        minute = now.replace(second=0, microsecond=0)
        begin = {"until": minute, "late_until": minute, "since": minute}
        return cls.objects.get_or_create(pk=1, defaults=begin)[0]

    def begin(self, now: datetime) -> bool:
        """Whether this process may check now; no other one may until `finish`."""
        idle = Q(started_at=None) | Q(started_at__lt=now - _ABANDONED)
        return bool(self._row().filter(idle).update(started_at=now))

    def advance(self, *, until: datetime) -> bool:
        """Remember that arrivals up to `until` are checked; False where somebody was faster."""
        is_ours = self._row().filter(until=self.until).update(until=until)
        self.until = until
        return bool(is_ours)

    def advance_late(self, late_until: datetime) -> None:
        """Remember up to when late receipts are checked."""
        self._row().filter(late_until__lt=late_until).update(late_until=late_until)

    def finish(self, now: datetime) -> None:
        """Let the next one in."""
        self._row().update(started_at=None, ran_at=now)

    def _row(self) -> "models.QuerySet[LedgerCheck]":
        return LedgerCheck.objects.filter(pk=self.pk)


class LedgerGap(models.Model):
    """One source in one minute of arrival where ledger and store differ."""

    class State(models.TextChoices):
        """What became of the gap."""

        OPEN = "open"
        CLOSED = "closed", "closed by itself"
        ACCEPTED = "accepted"

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="ledger_gaps")
    source = models.CharField(max_length=63)
    minute = models.DateTimeField(help_text="The minute the requests arrived in (UTC).")
    booked = models.PositiveBigIntegerField(help_text="Lines in the store by the receipts.")
    found = models.PositiveBigIntegerField(help_text="Lines that are in the store.")
    lost = models.PositiveBigIntegerField(help_text="Lines missing of what receipts say.")
    doubled = models.PositiveBigIntegerField(help_text="Lines more than receipts say.")
    unbooked = models.PositiveBigIntegerField(help_text="Lines of requests without a receipt.")
    receipts = models.JSONField(
        default=list, help_text="The first 20 requests: receipt, booked, found."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()
    checked_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-minute", "app", "source"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["app", "source", "minute"], name="ledger_gap_once_per_minute"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "checked_at"])]

    def __str__(self) -> str:
        return f"{self.app} / {self.source}, {self.minute:%Y-%m-%d %H:%M} UTC"
