"""Where logs come from: sources and the keys that may send or read."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ingestion.custom.models import CustomFormat, FormatCase, FormatVersion
from ingestion.custom.reading import published
from ingestion.errors import UnknownFormat
from ingestion.formats import check_formats
from ingestion.keys import KeyText, make_key
from ingestion.ledger.models import LedgerCheck, LedgerGap
from ingestion.loss.models import QueueMark
from ingestion.quarantine.models import Replay
from ingestion.treatment.models import AppSalt, LookupTable, OwnPattern, SourceRules, TagRule
from storage.models import MAX_QUOTA_BYTES, SLUG, App, daily_quota

__all__ = [
    "MAX_WINDOW_S",
    "SCOPES",
    "ApiKey",
    "AppSalt",
    "ClosedApp",
    "CustomFormat",
    "FormatCase",
    "FormatVersion",
    "LedgerCheck",
    "LedgerGap",
    "LookupTable",
    "OwnPattern",
    "QueueMark",
    "Replay",
    "Source",
    "SourceRules",
    "TagRule",
]

MAX_WINDOW_S = 86_400
_WHAT_THERE_IS = "GET /api/v1/parse/formats lists what there is."
SCOPES = ("ingest", "query")


class Source(models.Model):
    """One origin of lines of an app; keys belong to it."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=100)
    slug = models.CharField(
        max_length=63,
        validators=[SLUG],
        help_text="Stored with every line; it cannot be changed later.",
    )
    format = models.CharField(
        max_length=500,
        blank=True,
        help_text="The log format, or several with commas. Empty: detected by line.",
    )
    zone = models.CharField(
        max_length=50, default="UTC", help_text="Time zone of timestamps that carry none."
    )
    window_s = models.PositiveIntegerField(
        "content window (seconds)",
        default=0,
        validators=[MaxValueValidator(MAX_WINDOW_S)],
        help_text="A body with the same bytes as one taken within so many seconds is a duplicate "
        "and not stored again. 0: off. An Idempotency-Key wins over it.",
    )
    daily_bytes = daily_quota("source")
    multiline = models.CharField(
        "lines that go on",
        max_length=8,
        choices=[("auto", "Joined: stack traces and indented lines"), ("off", "Kept apart")],
        default="auto",
        help_text="What continues the line before becomes part of its record. Never for JSON.",
    )
    is_active = models.BooleanField(
        default=True, help_text="An inactive source refuses what its keys send."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["app__name", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "slug"], name="source_slug_once_per_app")
        ]

    def __str__(self) -> str:
        return f"{self.app} / {self.name}"

    def clean(self) -> None:
        """Refuse formats that neither exist nor were published in the app."""
        own = published(self.app_id) if self.app_id else {}
        try:
            self.format = check_formats(self.format, own=own)
        except UnknownFormat as error:
            raise ValidationError({"format": f"{error.text} {_WHAT_THERE_IS}"}) from error


class ApiKeySet(models.QuerySet["ApiKey"]):
    """Queries over keys."""

    def usable(self) -> "ApiKeySet":
        """Keys that are neither revoked nor expired."""
        now = timezone.now()
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))


class ApiKey(models.Model):
    """A key of one source. The secret is shown once, when it is issued; only its hash is kept."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, help_text="Who or what uses this key.")
    public_id = models.CharField(max_length=10, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list, help_text="Any of: ingest, query.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, editable=False
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    rate_bytes = models.PositiveBigIntegerField(
        "bytes a second",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_QUOTA_BYTES)],
        help_text="Decompressed bytes it may send a second, with bursts. "
        "Empty: as configured for all keys; 0: no limit.",
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering: ClassVar = ["source__app__name", "source__name", "name"]

    def __str__(self) -> str:
        return f"{self.name} (lgs_{self.public_id}_…)"

    def clean(self) -> None:
        """Refuse unknown scopes and keys that may do nothing."""
        unknown = [scope for scope in self.scopes if scope not in SCOPES]
        if unknown or not self.scopes:
            raise ValidationError({"scopes": f"Choose at least one of {', '.join(SCOPES)}."})

    @property
    def is_usable(self) -> bool:
        """Whether requests with this key are let in now."""
        is_expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not is_expired

    @classmethod
    def issue(cls, **fields: object) -> tuple["ApiKey", str]:
        """Create a key; the second value is its plaintext, which cannot be had again."""
        text = make_key()
        key = cls(public_id=text.public_id, secret_hash=text.secret_hash, **fields)
        key.full_clean(exclude=["public_id", "secret_hash"])
        key.save()
        return key, text.plaintext

    def matches(self, text: KeyText) -> bool:
        """Whether `text` is this key."""
        return text.matches(self.secret_hash)

    def revoke(self) -> None:
        """Refuse this key from now on; web processes notice within seconds."""
        if self.revoked_at is None:
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])

    def rotate(self) -> tuple["ApiKey", str]:
        """Issue a successor with the same rights and revoke this key."""
        successor, plaintext = ApiKey.issue(
            source=self.source,
            name=self.name,
            scopes=self.scopes,
            created_by=self.created_by,
            expires_at=self.expires_at,
            rate_bytes=self.rate_bytes,
        )
        self.revoke()
        return successor, plaintext


class DirectWrite(models.Model):
    """A body on its way into the store past the queue; gone once all of it is written."""

    receipt = models.CharField(max_length=64, primary_key=True)
    head = models.TextField(help_text="All of the queue entry but its body, as JSON.")
    body = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.receipt


class ClosedApp(models.Model):
    """An app that people deleted, until nothing of it is left and nothing more can come."""

    slug = models.CharField(max_length=63, primary_key=True)
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug
