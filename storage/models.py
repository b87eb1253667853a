"""What people manage about stored logs: apps, retention, and the log record as a model."""

from typing import ClassVar

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from storage.logs import LogManager

SLUG = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
    "Use 1 to 63 small letters, digits and dashes, with a letter or digit at both ends.",
)
MAX_RETENTION_DAYS = 36_500
# The queue counts in doubles, which are exact up to here.
MAX_QUOTA_BYTES = (1 << 53) - 1


def daily_quota(what: str) -> "models.PositiveBigIntegerField[int | None, int | None]":
    """How many bytes a source or an app may send a day."""
    return models.PositiveBigIntegerField(
        "bytes a day",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_QUOTA_BYTES)],
        help_text=f"Decompressed bytes this {what} may send a day (UTC). "
        f"Empty: as configured for every {what}; 0: no limit.",
    )


class App(models.Model):
    """A tenant: what its groups may see, every log line belongs to exactly one."""

    name = models.CharField(max_length=100)
    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[SLUG],
        help_text="Stored with every line and used in queries; it cannot be changed later.",
    )
    groups = models.ManyToManyField(
        Group, blank=True, related_name="apps", help_text="Members of these groups see this app."
    )
    daily_bytes = daily_quota("app")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class RetentionPolicy(models.Model):
    """How long the lines of one app are kept, counted from the later of event time and arrival."""

    app = models.OneToOneField(App, on_delete=models.CASCADE, related_name="retention")
    days = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETENTION_DAYS)],
        help_text="Lines older than this many days are removed. Empty: kept for ever.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "retention policies"
        ordering: ClassVar = ["app__name"]

    def __str__(self) -> str:
        return f"{self.app}: {f'{self.days} days' if self.days else 'for ever'}"


class RetentionRun(models.Model):
    """One clean-up: what it removed and how long it took."""

    class State(models.TextChoices):
        """How far the run got."""

        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    duration_s = models.FloatField(null=True, blank=True)
    lines = models.PositiveBigIntegerField(default=0)
    partitions = models.PositiveIntegerField(default=0, help_text="Whole days dropped at once.")
    per_app = models.JSONField(default=dict, blank=True, help_text="Lines removed, by app.")
    cutoffs = models.JSONField(
        default=dict, blank=True, help_text="Lines kept from before these times went, by app."
    )
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} UTC: {self.lines} lines"


class Log(models.Model):
    """One stored line. Lives in the log engine; `Log.objects` is the lazy way to it."""

    id = models.UUIDField(primary_key=True)
    timestamp = models.DateTimeField()
    received_at = models.DateTimeField()
    app = models.CharField(max_length=63)
    source = models.CharField(max_length=63)
    service = models.TextField()
    host = models.TextField()
    logger = models.TextField()
    severity = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=5)
    message = models.TextField()
    trace_id = models.TextField()
    span_id = models.TextField()
    attributes = models.JSONField()
    pattern_id = models.PositiveBigIntegerField()
    anomaly_score = models.PositiveSmallIntegerField()

    objects = LogManager()

    class Meta:
        managed = False
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.timestamp} {self.level} {self.message[:80]}"
