"""What was not stored and why, within the apps of the person looking."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from logplatform.admin_scope import ModelAdmin, staff_user
from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError
from storage.access import apps_for

SPANS = {"1": "last 24 hours", "7": "last 7 days", "30": "last 30 days"}
NEWEST = 50


def reasons_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """Reasons with counts, and the newest lines of a chosen one; raw bytes shown as text."""
    if not request.user.has_perm("ingestion.view_source"):
        raise PermissionDenied
    days = request.GET.get("days", "1")
    span = days if days in SPANS else "1"
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Lines that were not stored",
        "spans": SPANS,
        "span": span,
        "words": SPANS[span],
        "chosen": {name: request.GET.get(name, "")[:100] for name in ("app", "source", "reason")},
    }
    context |= _found(request, int(span), context["chosen"])
    return TemplateResponse(request, "admin/ingestion/rejected.html", context)


def _found(request: HttpRequest, days: int, chosen: dict[str, str]) -> dict[str, Any]:
    from storage import facade  # late: starting the web process must not load the engine's client

    slugs = tuple(apps_for(staff_user(request)).values_list("slug", flat=True))
    try:
        reasons = facade.reject_reasons(
            facade.RejectQuery(apps=slugs, start=clock.now() - timedelta(days=days))
        )
        lines = _newest(slugs, chosen) if chosen["reason"] else None
    except PlatformError as error:
        return {"problem": error.text}
    return {"reasons": reasons, "lines": lines, "total": sum(row.lines for row in reasons)}


def _newest(slugs: tuple[str, ...], chosen: dict[str, str]) -> list[dict[str, Any]]:
    from storage import facade

    wanted = tuple(slug for slug in slugs if chosen["app"] in ("", slug))
    query = facade.RejectQuery(apps=wanted, source=chosen["source"], reason_code=chosen["reason"])
    return facade.list_rejects(query, limit=NEWEST).lines
