"""What people keep: saved searches, dashboards, and the queries they ran."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from storage import facade as storage
from storage.models import App

MAX_KEPT = 500
MAX_HISTORY = 200
NAME = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z", "Use no line breaks or control characters."
)
RANGE = RegexValidator(r"^\d{1,5}[smhdw]\Z", "Write a number and s, m, h, d or w, such as 15m.")


class Kept(models.Model):
    """Something a person named and kept, alone or for all members of its app.

    Without an app it is about every app its owner sees, and cannot be shared.
    """

    app = models.ForeignKey(
        App, on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)s_set"
    )
    name = models.CharField(max_length=100, validators=[NAME])
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)s_set",
    )
    is_shared = models.BooleanField(
        "shared", default=False, help_text="All members of the app see it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse sharing with nobody, and one too many."""
        if self.is_shared and self.app_id is None:
            raise ValidationError({"is_shared": "Only what belongs to an app can be shared."})
        own: models.Manager[Any] = type(self)._default_manager
        if self.pk is None and own.filter(owner=self.owner_id).count() >= MAX_KEPT:
            raise ValidationError(f"A person keeps {MAX_KEPT} at most; delete some first.")


class SavedSearch(Kept):
    """A query with its range and columns; `start` and `end` are used where `range` is empty."""

    q = models.TextField("query", blank=True)
    range = models.CharField(max_length=6, blank=True, validators=[RANGE])
    start = models.CharField(max_length=40, blank=True)
    end = models.CharField(max_length=40, blank=True)
    columns = models.JSONField(default=list, blank=True)

    class Meta(Kept.Meta):
        verbose_name_plural = "saved searches"

    def clean(self) -> None:
        """Refuse a range that could not be searched."""
        super().clean()
        start, end = storage.read_moment(self.start), storage.read_moment(self.end)
        if start and end and start > end:
            raise ValidationError({"end": "This is before `start`."})


class Dashboard(Kept):
    """Panels over the lines of an app; `analytics.saved.panels` says what a panel is."""

    range = models.CharField(max_length=6, default="1h", validators=[RANGE])
    refresh_s = models.PositiveIntegerField("refreshed every (s)", default=0)
    panels = models.JSONField(default=list, blank=True)

    class Meta(Kept.Meta):
        pass


class QueryRun(models.Model):
    """A query a person ran; the newest `MAX_HISTORY` of each person are kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="query_runs"
    )
    app = models.ForeignKey(
        App, on_delete=models.CASCADE, null=True, blank=True, related_name="query_runs"
    )
    q = models.TextField()
    range = models.CharField(max_length=6, blank=True, validators=[RANGE])
    ran_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-ran_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["owner", "-ran_at"])]
        default_permissions = ()

    def __str__(self) -> str:
        return self.q[:80]
