"""Redaction and enrichment: a page for each source with a preview, tags and tables of apps."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action, display

from ingestion.admin.treatment_forms import LookupTableForm, PreviewForm
from ingestion.treatment.models import REDACTED, LookupTable, OwnPattern, SourceRules, TagRule
from ingestion.treatment.preview import MAX_LINES, preview
from logplatform.admin_scope import LabelledInline, ScopedAdmin
from logplatform.kernel.errors import PlatformError

_ADDED = ("user_agents", "urls", "geoip", "ip_class", "tags", "tables")


class OwnPatternInline(LabelledInline):
    """Patterns of a source's own."""

    model = OwnPattern
    fields = ("name", "pattern", "action")
    extra = 1

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change the rules may change their patterns."""
        return bool(request.user.has_perm("ingestion.change_sourcerules"))

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see the rules sees their patterns."""
        return bool(request.user.has_perm("ingestion.view_sourcerules"))


@admin.register(SourceRules)
class SourceRulesAdmin(ScopedAdmin):
    """What is redacted in the lines of each source, and what is added to them."""

    app_path = "source__app"
    list_display = ("source_name", "app_name", "redacts", "adds")
    list_display_links = ("source_name",)
    list_filter = (("source__app", RelatedOnlyFieldListFilter),)
    search_fields = ("source__name", "source__app__name")
    list_select_related = ("source__app",)
    list_per_page = 50
    readonly_fields = ("source",)
    actions = None
    inlines = (OwnPatternInline,)
    actions_detail = ("try_lines",)
    fieldsets: ClassVar = (
        (None, {"fields": ("source",)}),
        ("Redacted before anything is stored", {"fields": REDACTED}),
        ("Added", {"fields": _ADDED}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the patterns the list names."""
        return super().get_queryset(request).prefetch_related("patterns")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A source has its rules from the start."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go with their source: who may delete that one may delete these."""
        return bool(request.user.has_perm("ingestion.delete_source"))

    def buttons(self, object_id: str | None) -> dict[str, bool]:
        """No button for that."""
        return {"show_delete": False}

    def delete_view(self, request: HttpRequest, *given: Any, **more: Any) -> HttpResponse:
        """Nor a page."""
        raise PermissionDenied

    @action(description="Try it on lines", url_path="try", icon="science", permissions=["view"])
    def try_lines(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Paste lines, see what would be stored."""
        rules: SourceRules | None = self.get_object(request, object_id)
        if rules is None:
            raise Http404
        if not self.has_view_permission(request, rules):
            raise PermissionDenied
        form = PreviewForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "title": f"What would be stored of {rules.source}",
            "form": form,
            "rules": rules,
            "most": MAX_LINES,
            "opts": self.opts,
        }
        if form.is_valid():
            try:
                context["rows"] = preview(rules, form.cleaned_data["lines"])
            except PlatformError as error:
                context["problem"] = error.text
        return TemplateResponse(request, "admin/ingestion/try_lines.html", context)

    @display(description="source", ordering="source__name")
    def source_name(self, rules: SourceRules) -> str:
        """The source's name."""
        return rules.source.name

    @display(description="app", ordering="source__app__name")
    def app_name(self, rules: SourceRules) -> str:
        """The app's name."""
        return rules.source.app.name

    @display(description="redacts")
    def redacts(self, rules: SourceRules) -> str:
        """What is on, in words."""
        on = [_label(name) for name in REDACTED if getattr(rules, name) != "off"]
        return ", ".join([*on, *(own.name for own in rules.patterns.all())]) or "nothing"

    @display(description="adds")
    def adds(self, rules: SourceRules) -> str:
        """What is on, in words."""
        on = [name for name in _ADDED if getattr(rules, name) not in (False, "off")]
        return ", ".join(map(_label, on)) or "nothing"


def _label(name: str) -> str:
    return str(getattr(SourceRules._meta.get_field(name), "verbose_name", name))


@admin.register(TagRule)
class TagRuleAdmin(ScopedAdmin):
    """Tags of an app's lines."""

    list_display = ("tag", "app", "words", "fields", "is_active")
    list_filter = (("app", RelatedOnlyFieldListFilter), "is_active")
    search_fields = ("tag", "words", "app__name")
    list_select_related = ("app",)
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is typed; the list shows a column that is named `fields`."""
        return ("app", "tag", "words", "fields", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A rule stays with its app."""
        return ("app",) if obj else ()


@admin.register(LookupTable)
class LookupTableAdmin(ScopedAdmin):
    """Look-up tables of an app, uploaded or pasted as CSV."""

    form = LookupTableForm
    list_display = ("name", "app", "field", "row_count", "updated_at", "is_active")
    list_filter = (("app", RelatedOnlyFieldListFilter), "is_active")
    search_fields = ("name", "field", "app__name")
    list_select_related = ("app",)
    list_per_page = 50
    fields = ("app", "name", "field", "upload", "content", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A table stays with its app."""
        return ("app",) if obj else ()
