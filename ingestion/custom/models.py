"""Log formats of an app's own: a draft, the cases it must keep passing, and published versions."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from logplatform.kernel.errors import PlatformError
from storage.models import App

if TYPE_CHECKING:
    from parsing.own import Definition

MAX_FORMATS, MAX_CASES = 40, 100
MAX_PATTERN, MAX_LINE = 2_000, 20_000
FORMAT_NAME = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}\Z",
    "Use up to 40 small letters, digits and _, with a letter in front.",
)


class Kind(models.TextChoices):
    """How a pattern is written."""

    LINE = "line", "a line with its fields marked"
    REGEX = "regex", "a regular expression with named groups"


class Written(models.Model):
    """What a format says; a draft and a version hold the same."""

    kind = models.CharField("written as", max_length=5, choices=Kind.choices, default=Kind.LINE)
    pattern = models.CharField(
        max_length=MAX_PATTERN,
        help_text="For example <ip> - - [<time>] <message>. A field may name its pattern: "
        "<status:int>. Regular expressions run in the linear-time engine: no look-around, "
        "no back-references.",
    )
    layouts = models.TextField(
        "layouts of the time",
        blank=True,
        max_length=500,
        help_text="One a line, such as %d.%m.%Y %H:%M:%S. Empty: the usual ones.",
    )

    class Meta:
        abstract = True

    @property
    def definition(self) -> "Definition":
        """What parsing is told."""
        from parsing.own import Definition

        layouts = tuple(line.strip() for line in self.layouts.splitlines() if line.strip())
        return Definition(pattern=self.pattern, is_regex=self.kind == Kind.REGEX, layouts=layouts)


class CustomFormat(Written):
    """A format of an app as it is being written; `version` is the one in use, None before."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="formats")
    name = models.CharField(
        max_length=40,
        validators=[FORMAT_NAME],
        help_text="What sources name as their format; it cannot be changed later.",
    )
    title = models.CharField(max_length=100, blank=True, help_text="For people.")
    version = models.PositiveIntegerField("in use", null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "log format"
        ordering: ClassVar = ["app__name", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "name"], name="format_once_per_app")
        ]

    def __str__(self) -> str:
        return f"{self.app} / {self.name}"

    def clean(self) -> None:
        """Refuse a pattern that cannot be used, with the place, a taken name, and one too many."""
        from parsing import format_names
        from parsing.contracts import AUTO
        from parsing.own import own_format

        if self.name in (*format_names(), AUTO):
            raise ValidationError({"name": "A built-in format has this name."})
        try:
            own_format(self.name, self.definition)
        except PlatformError as error:
            shown = error.data.get("shown") or ""
            raise ValidationError({"pattern": f"{error.text}\n{shown}".strip()}) from error
        others = CustomFormat.objects.filter(app=self.app_id).exclude(pk=self.pk)
        if self.app_id and others.count() >= MAX_FORMATS:
            raise ValidationError(f"An app has {MAX_FORMATS} formats at most.")


class FormatVersion(Written):
    """What was published, never changed again: bodies on the queue name it by number.

    It outlives its format, so that a body that was taken before is read as it would have been.
    """

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="format_versions")
    name = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["app", "name", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "name", "number"], name="version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class FormatCase(models.Model):
    """A line that a format must go on reading as it does; without `expect` it must refuse it."""

    format = models.ForeignKey(CustomFormat, on_delete=models.CASCADE, related_name="cases")
    line = models.CharField(max_length=MAX_LINE)
    expect = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "case"
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.line[:60]

    def clean(self) -> None:
        """Refuse what is no table of fields, and one too many."""
        if self.expect is not None and not _are_fields(self.expect):
            raise ValidationError({"expect": "Write fields and their values as text, or nothing."})
        others = FormatCase.objects.filter(format=self.format_id).exclude(pk=self.pk)
        if self.format_id and others.count() >= MAX_CASES:
            raise ValidationError(f"A format has {MAX_CASES} cases at most.")


def _are_fields(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(isinstance(part, str) for pair in value.items() for part in pair)
