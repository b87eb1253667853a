"""Redaction and enrichment as people set them: per source, tags and look-up tables per app."""

import secrets
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from logplatform.kernel.errors import PlatformError
from storage.models import App

NAME = RegexValidator(
    r"^[a-z][a-z0-9_-]{0,29}$",
    "Use up to 30 small letters, digits, _ and -, with a letter in front.",
)
FIELD = RegexValidator(r"^[^\s,]{1,128}$", "Write the name of one field, without blanks.")
REDACTED = ("password", "token", "private_key", "email", "iban", "card", "ip")
MAX_PATTERNS, MAX_TAGS, MAX_TABLES = 20, 60, 20


class Action(models.TextChoices):
    """What becomes of a find."""

    OFF = "off", "off: leave it"
    MASK = "mask", "mask: [redacted:…]"
    HASH = "hash", "hash: the same mark for the same value"
    DROP = "drop", "drop: the whole field"


class Switch(models.TextChoices):
    """Whether to add something."""

    AUTO = "auto", "for access logs"
    ON = "on", "for all lines"
    OFF = "off", "off"


def _action(default: Action, help_text: str, label: str) -> Any:
    return models.CharField(
        label, max_length=4, choices=Action.choices, default=default, help_text=help_text
    )


class SourceRules(models.Model):
    """What is redacted in the lines of a source, and what is added to them."""

    source = models.OneToOneField(
        "ingestion.Source", on_delete=models.CASCADE, related_name="rules"
    )
    password = _action(
        Action.MASK, "password=…, passwords in URLs, attributes named so.", "passwords"
    )
    token = _action(
        Action.MASK,
        "JWT, cloud and Git keys, bearer, cookies, attributes such as api_key.",
        "tokens and keys",
    )
    private_key = _action(Action.MASK, "From BEGIN to END PRIVATE KEY.", "private keys")
    email = _action(Action.OFF, "Addresses of people.", "e-mail addresses")
    iban = _action(Action.OFF, "Checked by country and checksum.", "IBANs")
    card = _action(Action.OFF, "Checked by issuer and Luhn.", "card numbers")
    ip = _action(
        Action.OFF, "IPv4 and IPv6; place and class are still told if asked for.", "IP addresses"
    )
    user_agents = models.BooleanField(
        "user agents", default=True, help_text="Browser, system, device, bot."
    )
    urls = models.CharField(
        "parts of URLs",
        max_length=4,
        choices=Switch.choices,
        default=Switch.AUTO,
        help_text="Path, query, and the route with ids masked.",
    )
    geoip = models.BooleanField(
        "places and networks", default=True, help_text="Needs a GeoIP file (GEOIP_FILES)."
    )
    ip_class = models.BooleanField(
        "class of the address", default=False, help_text="public, private, loopback …"
    )
    tags = models.BooleanField(default=True, help_text="By the tag rules of the app.")
    tables = models.BooleanField(
        "look-up tables", default=True, help_text="Columns of the look-up tables of the app."
    )

    class Meta:
        verbose_name = "redaction of a source"
        verbose_name_plural = "redaction"
        ordering: ClassVar = ["source__app__name", "source__name"]

    def __str__(self) -> str:
        return str(self.source)


class OwnPattern(models.Model):
    """A regular expression of a source's own, in the linear-time engine."""

    rules = models.ForeignKey(SourceRules, on_delete=models.CASCADE, related_name="patterns")
    name = models.CharField(max_length=30, validators=[NAME])
    pattern = models.CharField(max_length=500, help_text="RE2: no look-around, no references.")
    action = models.CharField(max_length=4, choices=Action.choices[1:], default=Action.MASK)

    class Meta:
        verbose_name = "own pattern"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rules", "name"], name="pattern_once_per_source")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what the engine cannot run, names of built-in rules, and one too many."""
        from parsing.redaction import UnusablePattern, own_rule

        if self.name in REDACTED:
            raise ValidationError({"name": "A built-in rule has this name."})
        try:
            own_rule(self.name, self.pattern, "mask")
        except UnusablePattern as error:
            raise ValidationError({"pattern": error.text}) from error
        others = OwnPattern.objects.filter(rules=self.rules_id).exclude(pk=self.pk)
        if self.rules_id and others.count() >= MAX_PATTERNS:
            raise ValidationError(f"A source has {MAX_PATTERNS} patterns at most.")


class TagRule(models.Model):
    """A tag for the lines of an app in which a field holds one of some words."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="tag_rules")
    tag = models.CharField(max_length=30, validators=[NAME])
    fields = models.CharField(
        max_length=500,
        default="service, logger, path",
        help_text="By commas: service, logger, message, host, path, or names of attributes.",
    )
    words = models.CharField(
        max_length=1000, help_text="By commas; any of them, in any case, anywhere in a field."
    )
    is_active = models.BooleanField("active", default=True)

    class Meta:
        ordering: ClassVar = ["app__name", "tag", "pk"]

    def __str__(self) -> str:
        return f"{self.app} / {self.tag}"

    def clean(self) -> None:
        """Tidy the lists, refuse empty ones and one rule too many."""
        for name in ("fields", "words"):
            several = split_list(getattr(self, name))
            if not several:
                raise ValidationError({name: "Name one at least."})
            setattr(self, name, ", ".join(dict.fromkeys(several)))
        others = TagRule.objects.filter(app=self.app_id).exclude(pk=self.pk)
        if self.app_id and others.count() >= MAX_TAGS:
            raise ValidationError(f"An app has {MAX_TAGS} tag rules at most.")


class LookupTable(models.Model):
    """A table that adds its columns to lines whose field holds one of its keys."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="tables")
    name = models.CharField(
        max_length=30, validators=[NAME], help_text="Stands before the names of the columns."
    )
    field = models.CharField(
        max_length=128,
        validators=[FIELD],
        help_text="The field that is looked up: host, service, or the name of an attribute.",
    )
    content = models.TextField(
        "CSV", help_text="A header; the key in the first column. 2 MiB, 50 000 rows at most."
    )
    row_count = models.PositiveIntegerField("rows", default=0, editable=False)
    is_active = models.BooleanField("active", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "look-up table"
        ordering: ClassVar = ["app__name", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "name"], name="table_once_per_app")
        ]

    def __str__(self) -> str:
        return f"{self.app} / {self.name}"

    def clean(self) -> None:
        """Refuse a table that cannot be read, with the line, and one too many."""
        from parsing.enrichment import read_table

        try:
            table = read_table(self.content, name=self.name, field=self.field)
        except PlatformError as error:
            raise ValidationError({"content": error.text}) from error
        self.row_count = len(table.rows)
        others = LookupTable.objects.filter(app=self.app_id).exclude(pk=self.pk)
        if self.app_id and others.count() >= MAX_TABLES:
            raise ValidationError(f"An app has {MAX_TABLES} tables at most.")


class AppSalt(models.Model):
    """The salt of an app's hashes, made when first needed; shown nowhere."""

    app = models.OneToOneField(App, on_delete=models.CASCADE, related_name="salt")
    value = models.CharField(max_length=64, default=secrets.token_hex, editable=False)

    def __str__(self) -> str:
        return f"salt of {self.app}"


class RulesVersion(models.Model):
    """One row that changes with every change of the above; workers look at nothing else."""

    number = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.number


def split_list(text: str) -> list[str]:
    """The parts of a list written with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
