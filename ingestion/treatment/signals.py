"""New sources get their rules, new apps their first tags; every change gives a new version."""

import secrets
from typing import Any

from django.db.models.signals import post_delete, post_save

from ingestion.models import Source
from ingestion.treatment.models import (
    LookupTable,
    OwnPattern,
    RulesVersion,
    SourceRules,
    TagRule,
)
from storage.models import App

_WATCHED = (SourceRules, OwnPattern, TagRule, LookupTable, Source, App)
FIRST_TAGS = (
    ("api", "path", "/api/, /graphql"),
    (
        "auth",
        "service, logger, path",
        "auth, login, logout, signin, signup, sshd, sudo, /session, oidc",
    ),
    ("health", "path", "/health, /readyz, /livez, /ping, /metrics"),
    ("payment", "service, logger, path", "payment, checkout, billing, invoice, refund, /pay"),
)


def connect() -> None:
    """Listen; called once, when the app is ready."""
    post_save.connect(_add_rules, sender=Source, dispatch_uid="source_rules")
    post_save.connect(_add_tags, sender=App, dispatch_uid="app_tags")
    for model in _WATCHED:
        for signal in (post_save, post_delete):
            signal.connect(_note_change, sender=model, dispatch_uid="rules_version")


def note_change() -> None:
    """Tell all processes to read the rules again."""
    RulesVersion.objects.update_or_create(pk=1, defaults={"number": secrets.token_hex(16)})


def _note_change(**_: Any) -> None:
    note_change()


def _add_rules(instance: Source, created: bool, raw: bool = False, **_: Any) -> None:
    if created and not raw:
        SourceRules.objects.get_or_create(source=instance)


def _add_tags(instance: App, created: bool, raw: bool = False, **_: Any) -> None:
    if created and not raw:
        TagRule.objects.bulk_create(
            TagRule(app=instance, tag=tag, fields=fields, words=words)
            for tag, fields, words in FIRST_TAGS
        )
