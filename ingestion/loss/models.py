"""What the queue held when it was last looked at, and what of it was lost since."""

from typing import Self

from django.db import models

from logplatform.kernel import clock


class QueueMark(models.Model):
    """One row. The epoch is a word that lies in the queue as well, and goes with its data."""

    epoch = models.CharField(max_length=32, help_text="Empty: it was never looked at.")
    looked_at = models.DateTimeField()
    entries = models.PositiveBigIntegerField(default=0, help_text="Requests that waited then.")
    bytes = models.PositiveBigIntegerField(default=0, help_text="Bytes of their bodies, as sent.")
    losses = models.PositiveIntegerField(default=0, help_text="Losses nobody has accepted.")
    lost_at = models.DateTimeField(null=True, help_text="The first of them was noticed.")
    lost_entries = models.PositiveBigIntegerField(default=0)
    lost_bytes = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Queue of {self.looked_at:%Y-%m-%d %H:%M:%S} UTC"

    @classmethod
    def current(cls) -> Self:
        """The row; made where there is none."""
        return cls.objects.get_or_create(pk=1, defaults={"looked_at": clock.now()})[0]
