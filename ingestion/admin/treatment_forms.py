"""Forms of redaction and enrichment."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from ingestion.treatment.models import LookupTable
from ingestion.treatment.preview import MAX_BYTES

if TYPE_CHECKING:
    _TableForm = forms.ModelForm[LookupTable]
else:
    _TableForm = forms.ModelForm


class PreviewForm(forms.Form):
    """Lines to try."""

    lines = forms.CharField(
        label="Lines",
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(
            attrs={"rows": 8, "class": "lp-input lp-mono lp-lines", "spellcheck": "false"}
        ),
    )


class LookupTableForm(_TableForm):
    """A table as a file or as text; a file replaces the text."""

    upload = forms.FileField(
        label="CSV file",
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="UTF-8; replaces the text below.",
    )

    class Meta:
        model = LookupTable
        fields: ClassVar = ["app", "name", "field", "content", "is_active"]
        widgets: ClassVar = {"content": UnfoldAdminTextareaWidget(attrs={"rows": 12})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "content" in self.fields:
            self.fields["content"].required = False

    def clean(self) -> dict[str, Any]:
        """Take the text out of the file."""
        cleaned = super().clean() or self.cleaned_data
        upload = cleaned.get("upload")
        if upload:
            try:
                cleaned["content"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                line = error.object[: error.start].count(b"\n") + 1
                raise ValidationError({"upload": f"Line {line}: not UTF-8."}) from error
        if not cleaned.get("content"):
            raise ValidationError({"content": "Choose a file or paste the table."})
        return cleaned
