"""A replay: quarantined lines that are read again and stored."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from storage.models import App


class ReplaySet(models.QuerySet["Replay"]):
    """Queries over replays."""

    def active(self) -> "ReplaySet":
        """Those that are not over."""
        return self.filter(state__in=Replay.ACTIVE)

    def left_alone(self) -> "ReplaySet":
        """Active ones nobody works on at this moment."""
        is_free = Q(held_until=None) | Q(held_until__lt=timezone.now())
        return self.active().filter(is_free)


class Replay(models.Model):
    """Quarantined lines of a source that are read again and stored, batch by batch.

    `place` is the end of the last finished batch. A batch in work is the intent: `intent_ids` (16
    bytes each) between `intent["first"]` and `intent["last"]`; once it is stored, `written` has
    its numbers and `intent_ids` only the lines that must leave the quarantine.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    ACTIVE: ClassVar = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="replays")
    source = models.CharField(max_length=63)
    reason_code = models.CharField(max_length=200, blank=True)
    line_ids = models.JSONField(default=list)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField()
    format = models.CharField(max_length=500, blank=True)
    zone = models.CharField(max_length=50, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    is_cancelled = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveBigIntegerField()
    stored = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    gone = models.PositiveBigIntegerField(default=0)
    reasons = models.JSONField(default=dict)
    batch = models.PositiveIntegerField(default=0)
    place = models.JSONField(null=True)
    intent = models.JSONField(null=True)
    intent_ids = models.BinaryField(null=True)
    written = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    holder = models.CharField(max_length=16, blank=True)
    held_until = models.DateTimeField(null=True)

    objects = ReplaySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["app", "source"],
                condition=Q(state__in=("waiting", "running")),
                name="one_active_replay_per_source",
            )
        ]

    def __str__(self) -> str:
        return f"Replay of {self.app} / {self.source}"

    @property
    def is_active(self) -> bool:
        """Whether it is not over."""
        return self.state in self.ACTIVE

    @property
    def done(self) -> int:
        """Lines that were dealt with: stored, refused again, or gone meanwhile."""
        return self.stored + self.refused + self.gone

    @property
    def percent(self) -> int:
        """How far it is, 0-100."""
        return 100 if not self.is_active and not self.is_cancelled else self._share()

    def _share(self) -> int:
        return min(100, 100 * self.done // max(1, self.total))


def pack_ids(ids: Iterable[str]) -> bytes:
    """Ids as 16 bytes each."""
    return b"".join(uuid.UUID(line_id).bytes for line_id in ids)


def unpack_ids(packed: Any) -> tuple[str, ...]:
    """The ids of `pack_ids`."""
    content = bytes(packed or b"")
    return tuple(
        str(uuid.UUID(bytes=content[start : start + 16])) for start in range(0, len(content), 16)
    )
