"""Apps: opened with a source and a key in one go, deleted with their lines."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from ingestion import closing, setup
from ingestion.admin.shared import IssuingAdmin, ReadOnlyInline
from ingestion.admin.usage import UsageAdmin
from ingestion.forms import AppForm, OpenAppForm
from ingestion.models import ApiKey, Source
from ingestion.setup import IssuedKey
from logplatform.admin_scope import LabelledInline, staff_user
from storage.models import App, RetentionPolicy


class SourceInline(ReadOnlyInline):
    """The sources of an app."""

    model = Source
    fields = ("slug", "format", "is_active")


class RetentionInline(LabelledInline):
    """How long the app's lines are kept."""

    model = RetentionPolicy
    fields = ("days",)
    can_delete = False
    hide_title = True
    max_num = 1
    extra = 0


@admin.register(App)
class AppAdmin(UsageAdmin, IssuingAdmin):
    """Apps: opened with a source and a key in one go, deleted with their lines."""

    app_path = "pk"
    list_display = ("name", "slug", "kept", "lines_today", "volume", "last_line", "seen_by")
    search_fields = ("name", "slug")
    list_per_page = 50
    inlines = (RetentionInline, SourceInline)
    add_fieldsets: ClassVar = (
        ("App", {"fields": ("name", "slug", "days", "daily_bytes", "groups")}),
        ("First source", {"fields": ("source_name", "source_slug", "source_format")}),
        ("First key", {"fields": ("key_name", "key_scopes")}),
    )
    fields = ("name", "slug", "daily_bytes", "volume", "groups", "created_at")
    readonly_fields = ("slug", "volume", "created_at")
    formfield_overrides: ClassVar = {
        ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}
    }
    delete_confirmation_template = "admin/ingestion/app_delete.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[App]:
        """With what the list shows of each."""
        queryset = super().get_queryset(request)
        return queryset.select_related("retention").prefetch_related("groups")

    def get_form(
        self, request: HttpRequest, obj: App | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The wide form for a new app, the plain one later; both know who fills it in."""
        kwargs["form"] = AppForm if obj else OpenAppForm
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = staff_user(request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug is typed once; the quota of an app is not for its own managers to lift."""
        kept = () if staff_user(request).is_superuser else ("daily_bytes",)
        return (*self.readonly_fields, *kept) if obj else kept

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Slugs follow the names while they are typed."""
        return {} if obj else {"slug": ("name",), "source_slug": ("source_name",)}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """A new app has nothing to list yet."""
        return self.inlines if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A person opens an app to the groups they belong to."""
        kwargs["queryset"] = setup.visible_groups(staff_user(request)).order_by("name")
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field:
            field.help_text = db_field.help_text
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """For a new app also its retention, source and key."""
        super().save_related(request, form, formsets, change)
        if not change:
            self.note_issued(request, self._furnish(request, form))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Delete only where the slug was typed."""
        app = self.get_object(request, object_id)
        if app and request.method == "POST" and request.POST.get("slug") != app.slug:
            messages.error(request, f"Type {app.slug} to delete the app; nothing was deleted.")
            return redirect(request.get_full_path())
        keys = ApiKey.objects.usable().filter(source__app=app)
        extra = {"sources": app.sources.all() if app else (), "keys": keys}
        return super().delete_view(request, object_id, {**extra, **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: App) -> None:
        """The app, its sources and keys at once; its lines by the log engine."""
        closing.close_app(obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """No deleting of several apps at once."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description="kept", ordering="retention__days")
    def kept(self, app: App) -> str:
        """Retention in words."""
        policy = getattr(app, "retention", None)
        return f"{policy.days} days" if policy and policy.days else "for ever"

    @display(description="seen by")
    def seen_by(self, app: App) -> str:
        """Groups that see it."""
        return ", ".join(group.name for group in app.groups.all()) or "superusers only"

    def _furnish(self, request: HttpRequest, form: Any) -> IssuedKey:
        """Retention, first source and first key of the app just saved."""
        typed = form.cleaned_data
        setup.keep_days(form.instance, typed["days"])
        source = Source.objects.create(
            app=form.instance,
            name=typed["source_name"],
            slug=typed["source_slug"],
            format=typed["source_format"],
        )
        return setup.issue_key(
            source,
            name=typed["key_name"],
            scopes=typed["key_scopes"],
            created_by=staff_user(request),
        )
