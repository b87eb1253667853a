"""Forms of the admin for apps, sources and keys."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from ingestion.closing import check_slug_unused
from ingestion.custom.reading import published
from ingestion.formats import MAX_FORMATS_CHARS, formats_in, formats_to_choose
from ingestion.models import SCOPES, ApiKey, Source
from ingestion.setup import check_zone, hidden_groups, slug_of
from logplatform.kernel.sizes import parse_size, write_size
from storage.models import MAX_QUOTA_BYTES, MAX_RETENTION_DAYS, SLUG, App

if TYPE_CHECKING:
    _AppForm = forms.ModelForm[App]
    _SourceForm = forms.ModelForm[Source]
    _KeyForm = forms.ModelForm[ApiKey]
else:
    _AppForm = _SourceForm = _KeyForm = forms.ModelForm

_SCOPE_LABELS = {"ingest": "ingest: send lines", "query": "query: read and search lines"}
_SLUG_HELP = "Stored with every line; it cannot be changed later. Empty: made from the name."
_NO_SLUG = "The name gives no slug: write one of small letters, digits and dashes."


def slug_field(**options: Any) -> forms.CharField:
    """An optional slug; `slug_or_made` fills it."""
    return forms.CharField(
        required=False,
        max_length=63,
        validators=[SLUG],
        widget=UnfoldAdminTextInputWidget,
        help_text=_SLUG_HELP,
        **options,
    )


class FormatsField(forms.MultipleChoiceField):
    """Log formats, or none, stored with commas between; choices are read anew for every form."""

    def __init__(self, **options: Any) -> None:
        """Choices are all formats there are."""
        super().__init__(
            required=False,
            choices=formats_to_choose,
            widget=UnfoldAdminSelectMultipleWidget,
            help_text="Leave it open unless detection picks the wrong one; of several, each line "
            "is read by the most specific that fits, and a line of none is not stored.",
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        """The stored names as a list."""
        return [*formats_in(value)] if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        """The names with commas between."""
        names = ",".join(super().clean([name for name in value or () if name]))
        if len(names) > MAX_FORMATS_CHARS:
            raise ValidationError("These are too many; leave it open instead.")
        return names


class SizeField(forms.CharField):
    """Bytes, written like 500M or 20G; empty is None."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """The stored number in short."""
        return write_size(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        """The number of bytes."""
        text = str(super().to_python(value) or "").strip()
        if not text:
            return None
        try:
            size = parse_size(text)
        except ValueError as error:
            raise ValidationError("Write a size such as 500M or 20G.") from error
        if size > MAX_QUOTA_BYTES:
            raise ValidationError("That is more than can be counted.")
        return size


def quota_field(model: type[Model], name: str) -> SizeField:
    """The form field of a quota: as the model names and explains it."""
    field = cast("Field[Any, Any]", model._meta.get_field(name))
    return SizeField(
        required=False,
        label=field.verbose_name.capitalize(),
        help_text=f"{field.help_text} E.g. 20G.",
    )


def scopes_field(initial: list[str]) -> forms.MultipleChoiceField:
    """What a key may do, as check boxes."""
    return forms.MultipleChoiceField(
        label="Scopes",
        choices=[(scope, _SCOPE_LABELS[scope]) for scope in SCOPES],
        initial=initial,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="A shipper needs ingest only; give query to what reads.",
    )


def slug_or_made(cleaned: dict[str, Any], *, name: str, slug: str) -> str:
    """The slug as typed, or made from the name.

    Raises:
        ValidationError: there is neither.
    """
    made = str(cleaned.get(slug) or slug_of(cleaned.get(name) or ""))
    if not made:
        raise ValidationError({slug: _NO_SLUG})
    return made


class AppForm(_AppForm):
    """Edits an app. Groups that `user`, who edits, does not belong to stay as they are."""

    user: Any
    daily_bytes = quota_field(App, "daily_bytes")

    class Meta:
        model = App
        fields: ClassVar = ["name", "groups", "daily_bytes"]

    def clean_groups(self) -> list[Group]:
        """The chosen groups, and those the person may not see."""
        chosen = list(self.cleaned_data["groups"])
        if not chosen and not self.user.is_superuser:
            raise ValidationError("Choose one of your groups at least, or you lose sight of it.")
        return [*chosen, *hidden_groups(self.instance, self.user)] if self.instance.pk else chosen


class OpenAppForm(AppForm):
    """A new app with its first source and its first key, in one go."""

    slug = slug_field()
    days = forms.IntegerField(
        label="Keep lines for (days)",
        required=False,
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Counted from the later of event time and arrival. Empty: for ever.",
    )
    source_name = forms.CharField(
        max_length=100,
        initial="Main",
        widget=UnfoldAdminTextInputWidget,
        help_text="Where the lines come from: a server, a service, a log file.",
    )
    source_slug = slug_field()
    source_format = FormatsField(label="Log formats")
    key_name = forms.CharField(
        max_length=100,
        initial="First key",
        widget=UnfoldAdminTextInputWidget,
        help_text="Who or what will use the key. The key itself is shown once, after saving.",
    )
    key_scopes = scopes_field(["ingest"])

    class Meta(AppForm.Meta):
        fields: ClassVar = ["name", "slug", "groups", "daily_bytes"]

    def clean(self) -> dict[str, Any]:
        """Fill in slugs that were left empty."""
        cleaned = super().clean() or self.cleaned_data
        for name, slug in (("name", "slug"), ("source_name", "source_slug")):
            if name in cleaned and slug in cleaned:
                cleaned[slug] = slug_or_made(cleaned, name=name, slug=slug)
        if "slug" in cleaned:
            check_slug_unused(cleaned["slug"], self.user)
        return cleaned


class SourceForm(_SourceForm):
    """A source; its app and slug are fixed once lines carry them."""

    format = FormatsField(label="Log formats")
    daily_bytes = quota_field(Source, "daily_bytes")

    class Meta:
        model = Source
        fields: ClassVar = [
            *("app", "name", "slug", "format", "zone"),
            *("multiline", "window_s", "daily_bytes", "is_active"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _SLUG_HELP
        for name in {"window_s", "multiline"} & set(self.fields):
            self.fields[name].required = False
        if "format" in self.fields:
            field = cast("FormatsField", self.fields["format"])
            field.choices = formats_to_choose(
                self.instance.format, published(self.instance.app_id or 0)
            )

    def clean_window_s(self) -> int:
        """Empty is off."""
        return self.cleaned_data["window_s"] or 0

    def clean_multiline(self) -> str:
        """Empty is the default."""
        return self.cleaned_data["multiline"] or "auto"

    def clean_zone(self) -> str:
        """A zone that exists."""
        return check_zone(self.cleaned_data["zone"])

    def clean(self) -> dict[str, Any]:
        """Fill in a slug that was left empty."""
        cleaned = super().clean() or self.cleaned_data
        if "slug" in cleaned and "name" in cleaned:
            cleaned["slug"] = slug_or_made(cleaned, name="name", slug="slug")
        return cleaned


class NewKeyForm(_KeyForm):
    """A new key; its secret is made on saving."""

    scopes = scopes_field(["ingest"])
    rate_bytes = quota_field(ApiKey, "rate_bytes")

    class Meta:
        model = ApiKey
        fields: ClassVar = ["source", "name", "scopes", "expires_at", "rate_bytes"]


class KeyForm(_KeyForm):
    """What may change on a key: name, end and rate. For other scopes, issue another key."""

    rate_bytes = quota_field(ApiKey, "rate_bytes")

    class Meta:
        model = ApiKey
        fields: ClassVar = ["name", "expires_at", "rate_bytes"]
