"""The ledger for people: receipts by source and time, and one receipt in full."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from ingestion.errors import ReceiptNotFound
from logplatform.admin_scope import ModelAdmin, staff_user
from logplatform.kernel.errors import PlatformError
from storage.access import apps_for

if TYPE_CHECKING:
    from storage.facade import ReceiptState

PAGE = 50
STATES: "dict[ReceiptState, str]" = {
    "": "All",
    "complete": "All lines stored",
    "rejects": "With lines not stored",
    "duplicates": "With duplicates",
}
BACKENDS = {
    "": "Any way",
    "queue": "Through the queue",
    "direct": "Past the queue",
    "replay": "Replayed",
}
SPANS = {"": "30 days", "now-1h": "Last hour", "now-1d": "Last 24 hours", "now-7d": "Last 7 days"}
_FILTERS = ("app", "source", "state", "backend", "start", "end")


def receipts_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """The newest receipts the filters fit, page by page; a receipt's id leads to it."""
    _check_right(request)
    wanted = request.GET.get("receipt", "").strip()
    if wanted:
        return redirect("admin:ingestion_receipt", receipt=wanted[:100])
    slugs = _slugs(request)
    chosen = {name: request.GET.get(name, "").strip()[:100] for name in _FILTERS}
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Receipts",
        "choices": {"states": STATES, "backends": BACKENDS, "spans": SPANS, "apps": slugs},
        "chosen": chosen,
        "here": reverse("admin:ingestion_receipts"),
    }
    context |= _found(slugs, chosen, request.GET.get("cursor", ""))
    return TemplateResponse(request, "admin/ingestion/receipts.html", context)


def receipt_view(request: HttpRequest, receipt: str, *, model_admin: ModelAdmin) -> HttpResponse:
    """What became of one request."""
    from ingestion import receipts  # late: they load the engine's client
    from ingestion.ledger import repeats

    _check_right(request)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": f"Receipt {receipt}",
        "list": reverse("admin:ingestion_receipts"),
    }
    try:
        found = receipts.describe(receipt, _slugs(request))
    except ReceiptNotFound as error:
        raise Http404(error.text) from error
    except PlatformError as error:
        context["problem"] = f"{error.text} {error.advice}"
    else:
        first = repeats.first_of(found["receipt"])
        context |= {"row": found, "reasons": _reasons(found), "first": first}
    return TemplateResponse(request, "admin/ingestion/receipt.html", context)


def _check_right(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.view_source"):
        raise PermissionDenied


def _slugs(request: HttpRequest) -> tuple[str, ...]:
    return tuple(apps_for(staff_user(request)).order_by("slug").values_list("slug", flat=True))


def _found(slugs: tuple[str, ...], chosen: dict[str, str], cursor: str) -> dict[str, Any]:
    from storage import facade  # late: starting the web process must not load the engine's client

    state: ReceiptState = next((one for one in STATES if one == chosen["state"]), "")
    try:
        query = facade.ReceiptQuery(
            apps=tuple(slug for slug in slugs if chosen["app"] in ("", slug)),
            source=chosen["source"],
            backend=chosen["backend"],
            state=state,
            start=facade.read_moment(chosen["start"]),
            end=facade.read_moment(chosen["end"]),
        )
        page = facade.list_receipts(query, limit=PAGE, cursor=cursor or None)
    except PlatformError as error:
        return {"problem": f"{error.text} {error.advice}"}
    following = urlencode({**{k: v for k, v in chosen.items() if v}, "cursor": page.next or ""})
    return {"rows": page.receipts, "older": following if page.next else ""}


def _reasons(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Reason codes with their lines and the way to those lines."""
    quarantine = reverse("admin:ingestion_quarantine_lines")
    about = {"app": found["app"], "source": found["source"]}
    return [
        {
            "code": code,
            "lines": lines,
            "link": f"{quarantine}?{urlencode({**about, 'reason': code})}",
        }
        for code, lines in sorted(found["reasons"].items(), key=lambda item: -item[1])
    ]
