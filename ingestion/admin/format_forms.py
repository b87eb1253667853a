"""Forms of formats that people make."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from ingestion.custom.models import MAX_LINE, MAX_PATTERN, CustomFormat, Kind
from ingestion.models import Source

if TYPE_CHECKING:
    _NewForm = forms.ModelForm[CustomFormat]
else:
    _NewForm = forms.ModelForm

_BOX = {"class": "lp-input"}
_MONO = {"class": "lp-input lp-mono lp-whole", "spellcheck": "false", "autocomplete": "off"}


class NewFormatForm(_NewForm):
    """A new draft; it is built on the page that follows."""

    class Meta:
        model = CustomFormat
        fields: ClassVar = ["app", "name", "title", "kind", "pattern", "layouts"]
        widgets: ClassVar = {"layouts": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "pattern" in self.fields:
            self.fields["pattern"].initial = "<time> <level> <message>"


class BuildForm(forms.Form):
    """A draft as it is typed, and what it is tried on."""

    title = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs=_BOX))
    kind = forms.ChoiceField(choices=Kind.choices, widget=forms.Select(attrs=_BOX))
    pattern = forms.CharField(
        max_length=MAX_PATTERN, strip=False, widget=forms.Textarea(attrs={**_MONO, "rows": 3})
    )
    layouts = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={**_MONO, "rows": 2})
    )
    source = forms.ModelChoiceField(
        Source.objects.none(), required=False, widget=forms.Select(attrs=_BOX)
    )
    sample = forms.CharField(max_length=MAX_LINE, strip=False, required=False)

    def __init__(self, draft: CustomFormat, *args: Any, **kwargs: Any) -> None:
        """Sources of the draft's app can be chosen."""
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Source.objects.filter(app=draft.app_id).order_by("name")

    def apply(self, draft: CustomFormat) -> None:
        """Put what was typed into the draft, unsaved."""
        for name in ("title", "kind", "pattern", "layouts"):
            setattr(draft, name, self.cleaned_data[name])
