"""Opens apps and issues keys: the one way the admin, the API and the first start do it."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from ingestion.authentication import forget_cached_keys
from ingestion.models import ApiKey, Source
from logplatform.kernel.errors import PlatformError
from storage.models import App, RetentionPolicy

MAX_SLUG = 63


class KeyNotUsable(PlatformError):
    """A successor was asked for a key that is over."""

    code = "key_not_usable"
    status = 409
    message = "This key is revoked or expired, so it cannot be rotated."
    hint = "Issue a new key for the source instead."


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDraft:
    """What a new app starts with; an empty slug is made from its name, `days` None is for ever."""

    name: str
    slug: str = ""
    days: int | None = 30
    groups: Iterable[Group] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A key at the only moment its plaintext is known. Show it, never keep it."""

    key: ApiKey
    plaintext: str

    @property
    def curl(self) -> str:
        """A line that sends a file with this key, ready to paste."""
        return (
            f'curl -H "Authorization: Bearer {self.plaintext}" '
            f"--data-binary @access.log {settings.PUBLIC_URL}/api/v1/ingest"
        )


def slug_of(name: str) -> str:
    """A slug made from a name; empty when the name has no letter or digit of ASCII."""
    return slugify(name).replace("_", "-")[:MAX_SLUG].strip("-")


def open_app(draft: AppDraft) -> App:
    """Create an app with its retention policy.

    Raises:
        ValidationError: name, slug or days are not usable, or the slug is taken.
    """
    app = App(name=draft.name, slug=draft.slug or slug_of(draft.name))
    with transaction.atomic():
        app.full_clean()
        app.save()
        app.groups.set(draft.groups)
        keep_days(app, draft.days)
    return app


def keep_days(app: App, days: int | None) -> RetentionPolicy:
    """Set how long an app keeps its lines.

    Raises:
        ValidationError: `days` is out of range.
    """
    policy = RetentionPolicy.objects.filter(app=app).first() or RetentionPolicy(app=app)
    policy.days = days
    policy.full_clean()
    policy.save()
    return policy


def issue_key(source: Source, **fields: Any) -> IssuedKey:
    """Issue a key of `source`; fields as of ApiKey.

    Raises:
        ValidationError: a field is not usable.
    """
    key, plaintext = ApiKey.issue(source=source, **fields)
    return IssuedKey(key=key, plaintext=plaintext)


def rotate_key(key: ApiKey) -> IssuedKey:
    """Issue the successor of a key and revoke the key, at once in this process.

    Raises:
        KeyNotUsable: the key is revoked or expired already.
    """
    if not key.is_usable:
        raise KeyNotUsable()
    with transaction.atomic():
        successor, plaintext = key.rotate()
    forget_cached_keys()
    return IssuedKey(key=successor, plaintext=plaintext)


def revoke_key(key: ApiKey) -> None:
    """Refuse a key from now on, at once in this process, within 5 s in the others."""
    key.revoke()
    forget_cached_keys()


def visible_groups(user: Any) -> QuerySet[Group]:
    """Groups a person may see and open apps to: all for a superuser, else their own."""
    groups: QuerySet[Group] = Group.objects.all() if user.is_superuser else user.groups.all()
    return groups


def hidden_groups(app: App, user: Any) -> QuerySet[Group]:
    """Groups of the app that the person may not see; whatever they choose, these stay."""
    return app.groups.exclude(pk__in=visible_groups(user))


def check_zone(name: str) -> str:
    """The zone's name if it is one.

    Raises:
        ValidationError: there is no such time zone.
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(
            "There is no such time zone; write it like Europe/Berlin or UTC."
        ) from None
    return name
