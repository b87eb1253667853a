"""Shapes of the control plane; output has no hash."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from ingestion.formats import MAX_FORMATS_CHARS
from ingestion.models import MAX_WINDOW_S, SCOPES, ApiKey, Source
from ingestion.serializers import FormatsField
from ingestion.setup import check_zone, visible_groups
from logplatform.api_types import Shadowing
from logplatform.control.shapes import NameField, OwnApp, StrictInput
from logplatform.kernel import clock
from storage.access import apps_for
from storage.models import MAX_QUOTA_BYTES, MAX_RETENTION_DAYS, SLUG, App

_SLUG_HELP = "Stored with every line, never changes. Left away: made from the name."


class SlugInput(serializers.CharField):
    """An optional slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=63, validators=[SLUG], required=False, help_text=_SLUG_HELP, **options
        )


class DaysField(serializers.IntegerField):
    """Days of retention; null keeps for ever. A fraction is refused, not rounded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_RETENTION_DAYS, allow_null=True, **options)

    def to_internal_value(self, data: Any) -> int:
        """The whole number."""
        if isinstance(data, bool | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class QuotaField(serializers.IntegerField):
    """Bytes; null is what the installation gives everyone, 0 no limit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            min_value=0, max_value=MAX_QUOTA_BYTES, allow_null=True, required=False, **options
        )

    def to_internal_value(self, data: Any) -> int:
        """The whole number."""
        if isinstance(data, bool | float):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class OwnGroups(serializers.SlugRelatedField[Group]):
    """Groups the person belongs to, by name; a superuser may name any."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="name", **options)

    def get_queryset(self) -> Any:
        """Groups the person may open an app to."""
        return visible_groups(self.context["request"].user)


@extend_schema_field(OpenApiTypes.INT)
class OwnSource(serializers.PrimaryKeyRelatedField[Source]):
    """A source of an app of the person, by id."""

    def get_queryset(self) -> Any:
        """Sources the person sees."""
        return Source.objects.filter(app__in=apps_for(self.context["request"].user))


class AppOut(serializers.ModelSerializer[App]):
    """An app; `groups` names those of its groups that the caller belongs to."""

    groups = serializers.SerializerMethodField()
    retention_days = serializers.IntegerField(source="retention.days", default=None)

    class Meta:
        model = App
        fields = ("slug", "name", "groups", "retention_days", "daily_bytes", "created_at")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_groups(self, app: App) -> list[str]:
        """Names of the groups that are no secret to the caller."""
        visible = set(visible_groups(self.context["request"].user).values_list("pk", flat=True))
        return sorted(group.name for group in app.groups.all() if group.pk in visible)


class AppIn(StrictInput):
    """A new app."""

    name = NameField()
    slug = SlugInput()
    groups = OwnGroups(many=True, required=False)
    retention_days = DaysField(required=False, default=30)

    def validate(self, attrs: Any) -> Any:
        """A person who is no superuser needs a group to go on seeing the app."""
        user = self.context["request"].user
        if not attrs.get("groups") and not user.is_superuser:
            raise ValidationError({"groups": ["Name one of your groups at least."]})
        return attrs


class AppChange(StrictInput):
    """What may change on an app; `groups` replaces those of its groups that the caller sees."""

    name = NameField(required=False)
    groups = OwnGroups(many=True, required=False)
    daily_bytes = QuotaField(help_text="Bytes a day (UTC), decompressed; for superusers to set.")

    def validate_daily_bytes(self, value: int | None) -> int | None:
        """Those who are limited do not lift the limit."""
        if not self.context["request"].user.is_superuser:
            raise ValidationError("Only a superuser sets the quota of an app.")
        return value

    def validate_groups(self, groups: list[Group]) -> list[Group]:
        """Nobody locks themselves out."""
        if not groups and not self.context["request"].user.is_superuser:
            raise ValidationError("Name one of your groups at least.")
        return groups


class SourceOut(serializers.ModelSerializer[Source]):
    """A source."""

    app = serializers.SlugRelatedField[App](slug_field="slug", read_only=True)

    class Meta:
        model = Source
        fields = (
            *("id", "app", "name", "slug", "format", "zone"),
            *("multiline", "window_s", "daily_bytes", "is_active", "created_at"),
        )


class SourceChange(StrictInput):
    """What may change on a source."""

    name = NameField(required=False)
    format = FormatsField(
        required=False,
        allow_blank=True,
        max_length=MAX_FORMATS_CHARS,
        help_text="One or several (a list, or commas between). Empty: detected line by line.",
    )
    zone = serializers.CharField(required=False, max_length=50)
    multiline = serializers.ChoiceField(
        ["auto", "off"],
        required=False,
        help_text="`auto`: stack traces and indented lines are part of the record before them.",
    )
    window_s = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_WINDOW_S,
        help_text="Content window: the same bytes within so many seconds are a duplicate; 0: off.",
    )
    daily_bytes = QuotaField(help_text="Bytes a day (UTC), decompressed.")
    is_active = serializers.BooleanField(required=False)

    def validate_zone(self, value: str) -> str:
        """A zone that exists."""
        try:
            return check_zone(value)
        except DjangoValidationError as error:
            raise ValidationError(error.messages) from error


class SourceIn(SourceChange):
    """A new source."""

    app = OwnApp()
    name = NameField()
    slug = SlugInput()


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """A key without its secret: `prefix` is all that is ever shown again."""

    app = serializers.CharField(source="source.app.slug")
    prefix = serializers.SerializerMethodField()
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    is_usable = serializers.BooleanField()

    class Meta:
        model = ApiKey
        fields = (
            "id",
            "name",
            "app",
            "source",
            "prefix",
            "scopes",
            "is_usable",
            "created_at",
            "expires_at",
            "rate_bytes",
            "revoked_at",
            "last_used_at",
        )

    def get_prefix(self, key: ApiKey) -> str:
        """The public part."""
        return f"lgs_{key.public_id}_"


class IssuedKeyOut(KeyOut):
    """A key at the moment it is issued: `key` is the plaintext, never given again."""

    key = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = ("key", *KeyOut.Meta.fields)

    def get_key(self, key: ApiKey) -> str:
        """The plaintext, handed over by the view."""
        return str(self.context["plaintext"])


class KeyChange(StrictInput):
    """What may change on a key."""

    name = NameField(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    rate_bytes = QuotaField(help_text="Bytes a second, decompressed, with bursts.")


class KeyIn(KeyChange):
    """A new key."""

    source: Shadowing = OwnSource()
    name = NameField()
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SCOPES), allow_empty=False, max_length=len(SCOPES)
    )

    def validate_scopes(self, scopes: list[str]) -> list[str]:
        """Each once, in their usual order."""
        return [scope for scope in SCOPES if scope in scopes]

    def validate_expires_at(self, value: Any) -> Any:
        """A new key must not be over already."""
        if value and value <= clock.now():
            raise ValidationError("This is in the past.")
        return value


class RetentionOut(serializers.Serializer[Any]):
    """How long an app keeps its lines."""

    app = serializers.CharField(source="app.slug")
    days = serializers.IntegerField(allow_null=True, help_text="null: for ever")
    updated_at = serializers.DateTimeField()


class RetentionIn(StrictInput):
    """A new term; lines that are older go at the next clean-up."""

    days = DaysField(required=True)
