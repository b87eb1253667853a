"""What was not stored and why, within the apps of the person looking."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ingestion.admin.choosing import chosen_of, format_options, source_page
from ingestion.models import ClosedApp, Replay
from ingestion.quarantine import fills
from logplatform.admin_scope import ModelAdmin, staff_user
from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError
from storage.access import apps_for

SPANS = {"1": "last 24 hours", "7": "last 7 days", "30": "last 30 days", "all": "time it is kept"}
PAGE = 50
NEWEST_REPLAYS = 10


def reasons_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """Reasons with counts by source, replays at work, and a warning before lines are dropped."""
    if not request.user.has_perm("ingestion.view_source"):
        raise PermissionDenied
    slugs = tuple(apps_for(staff_user(request)).values_list("slug", flat=True))
    days = request.GET.get("days", "1")
    span = days if days in SPANS else "1"
    replays = Replay.objects.filter(app__slug__in=slugs).select_related("app", "created_by")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Lines that were not stored",
        "spans": SPANS,
        "span": span,
        "words": SPANS[span],
        "bounds": fills.limits(),
        "warnings": fills.warnings_for(slugs),
        "replays": replays[:NEWEST_REPLAYS],
    }
    context |= _reasons(slugs, span)
    if staff_user(request).is_superuser:
        context |= _strays(slugs)
    return TemplateResponse(request, "admin/ingestion/rejected.html", context)


def lines_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """The lines of a source, or of one reason, page by page; raw bytes shown as text."""
    choice = chosen_of(request, right="ingestion.view_source")
    words = choice.reason_code.replace("_", " ")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Not stored: {words}" if words else "Not stored",
        "choice": choice,
        "source_page": source_page(request, choice),
        "formats": format_options(choice),
        "may_replay": request.user.has_perm("ingestion.change_source"),
        "may_delete": request.user.has_perm("ingestion.delete_source"),
    }
    context |= _lines(choice, request.GET.get("cursor") or None)
    return TemplateResponse(request, "admin/ingestion/rejected_lines.html", context)


def _reasons(slugs: tuple[str, ...], span: str) -> dict[str, Any]:
    from storage import facade  # late: starting the web process must not load the engine's client

    since = None if span == "all" else clock.now() - timedelta(days=int(span))
    try:
        reasons = facade.reject_reasons(facade.RejectQuery(apps=slugs, start=since))
    except PlatformError as error:
        return {"problem": error.text}
    return {"reasons": reasons, "total": sum(row.lines for row in reasons)}


def _strays(known: tuple[str, ...]) -> dict[str, Any]:
    """What lies here of apps that do not exist: nobody else would ever see it.

    Not of those that were deleted, which is removed.
    """
    from storage import facade

    try:
        stored = facade.stray_apps()
        kept = {size.app: size.lines for size in facade.quarantine_sizes()}
    except PlatformError as error:
        return {"problem": error.text}
    deleted = ClosedApp.objects.values_list("slug", flat=True)
    strays = sorted({*stored, *kept} - {*known, *deleted})
    rows = [{"app": app, "stored": stored.get(app, 0), "kept": kept.get(app, 0)} for app in strays]
    return {"strays": rows, "stray_days": facade.ORPHAN_DAYS}


def _lines(choice: Any, cursor: str | None) -> dict[str, Any]:
    from storage import facade

    query = choice.query()
    try:
        page = facade.list_rejects(query, limit=PAGE, cursor=cursor)
        reasons = facade.reject_reasons(query)
    except PlatformError as error:
        return {"problem": error.text}
    return {
        "lines": page.lines,
        "next": page.next,
        "is_first": cursor is None,
        "reasons": reasons,
        "total": sum(row.lines for row in reasons),
    }
