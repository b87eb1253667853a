"""Admin of retention: how long lines are kept, what goes next, what went; and the way to logs."""

import logging
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from unfold.decorators import action, display

from logplatform.admin_scope import ModelAdmin, ScopedAdmin, staff_user
from logplatform.kernel.errors import PlatformError
from storage.access import apps_for
from storage.models import Log, RetentionPolicy, RetentionRun

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

logger = logging.getLogger(__name__)

RUN_COLOURS = {"Done": "success", "Running": "info", "Failed": "danger"}


@admin.register(RetentionPolicy)
class RetentionPolicyAdmin(ScopedAdmin):
    """Days by app, edited in the list; what goes next is a page of its own."""

    list_display = ("app", "days", "in_words", "updated_at")
    list_display_links = ("app",)
    list_editable = ("days",)
    list_select_related = ("app",)
    search_fields = ("app__name", "app__slug")
    list_per_page = 100
    fields = ("app", "days")
    actions = None
    actions_list = ("preview",)

    readonly_fields = ("app",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A policy comes with its app."""
        return False

    def buttons(self, object_id: str | None) -> dict[str, bool]:
        """A policy goes with its app: no button for that."""
        return {"show_delete": False}

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """The history says from what to what."""
        if add or "days" not in form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        return f"Days: {form.initial.get('days')} → {form.cleaned_data['days']}."

    def save_model(
        self, request: HttpRequest, obj: RetentionPolicy, form: Any, change: bool
    ) -> None:
        """Say so where more lines will go than before."""
        super().save_model(request, obj, form, change)
        before = form.initial.get("days")
        if change and obj.days and (before is None or obj.days < before):
            messages.warning(
                request,
                f"{obj.app} is now kept for {obj.days} days (before: {before or 'for ever'}). "
                "What is older goes at the next clean-up; until then you can still set it back.",
            )

    @action(description="What goes next", url_path="preview", icon="event", permissions=["view"])
    def preview(self, request: HttpRequest) -> HttpResponse:
        """Lines that are past their term now; POST removes them."""
        if request.method == "POST":
            return self._clean_up(request)
        slugs = tuple(apps_for(staff_user(request)).values_list("slug", flat=True))
        context = {
            **self.admin_site.each_context(request),
            "title": "Next clean-up",
            "may_run": self._may_run(request),
            "last_run": RetentionRun.objects.first(),
        }
        return TemplateResponse(
            request, "admin/storage/preview.html", {**context, **_expiring(slugs)}
        )

    @display(description="kept")
    def in_words(self, policy: RetentionPolicy) -> str:
        """The term in words."""
        if not policy.days:
            return "for ever"
        years = policy.days / 365
        return f"{years:.1f} years" if policy.days >= 730 else f"{policy.days} days"

    def _may_run(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("storage.add_retentionrun"))

    def _clean_up(self, request: HttpRequest) -> HttpResponse:
        from storage.tasks import run_retention

        if not self._may_run(request):
            raise PermissionDenied
        try:
            run_retention.delay()
        except Exception:
            logger.warning("The clean-up could not be asked for", exc_info=True)
            messages.error(request, "The queue cannot be reached; nothing was started. Try again.")
            return redirect("admin:storage_retentionpolicy_preview")
        messages.success(request, "The clean-up is on its way; it appears here as it runs.")
        return redirect("admin:storage_retentionrun_changelist")


def _expiring(slugs: tuple[str, ...]) -> dict[str, Any]:
    from storage import facade

    try:
        rows = [row for row in facade.preview_retention(slugs) if row.lines]
    except PlatformError as error:
        return {"problem": error.text}
    return {"rows": rows, "total": sum(row.lines for row in rows)}


class RunList(ChangeList):
    """Gives each run the part of its figures the person may see."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, limited."""
        super().get_results(request)
        self.result_list: Any = [_limited(run, request) for run in self.result_list]


def _limited(run: Any, request: HttpRequest) -> Any:
    slugs = set(apps_for(staff_user(request)).values_list("slug", flat=True))
    is_superuser = staff_user(request).is_superuser
    run.shown = {app: lines for app, lines in run.per_app.items() if is_superuser or app in slugs}
    run.shown_error = run.error if is_superuser else ""
    return run


@admin.register(RetentionRun)
class RetentionRunAdmin(ModelAdmin):
    """Clean-ups, newest first; each person sees the figures of their own apps."""

    list_display = ("started_at", "result", "removed", "by_app", "took")
    list_filter = ("state",)
    list_per_page = 50
    actions = None
    fields = ("started_at", "result", "removed", "by_app", "took", "problem")
    readonly_fields = fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """A list that tells each person their own."""
        return RunList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """A run, limited."""
        run = super().get_object(request, object_id, from_field)
        return run and _limited(run, request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filters must not tell what the columns do not."""
        return lookup.split("__")[0] == "state"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Runs are made by running."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not edited."""
        return False

    has_delete_permission = has_change_permission

    @display(description="result", ordering="state", label=RUN_COLOURS)
    def result(self, run: RetentionRun) -> str:
        """How it ended."""
        return str(run.get_state_display())

    @display(description="lines removed")
    def removed(self, run: Any) -> str:
        """Lines of the person's apps."""
        return f"{sum(run.shown.values()):,}".replace(",", " ")

    @display(description="by app")
    def by_app(self, run: Any) -> str:
        """The same, by app."""
        return ", ".join(f"{app}: {lines}" for app, lines in sorted(run.shown.items())) or "nothing"

    @display(description="took")
    def took(self, run: RetentionRun) -> str:
        """How long it took."""
        return "" if run.duration_s is None else f"{run.duration_s:.1f} s"

    @display(description="problem")
    def problem(self, run: Any) -> str:
        """What went wrong, for superusers."""
        return str(run.shown_error) or "none"


@admin.register(Log)
class LogAdmin(ModelAdmin):
    """Lines are read in the explorer; this is the way there."""

    def get_urls(self) -> Any:
        """Every address of this section leads to the explorer."""
        to_explorer = self.admin_site.admin_view(lambda request, **_: redirect("explorer"))
        return [
            path("", to_explorer, name="storage_log_changelist"),
            path("<path:object_id>/", to_explorer, name="storage_log_change"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Lines come by the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A stored line is never changed."""
        return False

    has_delete_permission = has_change_permission
