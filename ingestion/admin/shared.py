"""What the pages of apps, sources and keys share."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import display

from ingestion.models import ApiKey
from ingestion.setup import IssuedKey
from logplatform.admin_figures import ago
from logplatform.admin_scope import ModelAdmin, ScopedAdmin, TabularInline

STATE_COLOURS = {"active": "success", "expired": "warning", "revoked": "danger"}
_ISSUED = "issued_key"


def key_state(key: ApiKey) -> str:
    """One word for whether a key is let in."""
    if key.revoked_at:
        return "revoked"
    return "active" if key.is_usable else "expired"


def show_key(request: HttpRequest, model_admin: ModelAdmin, issued: IssuedKey) -> HttpResponse:
    """The page with the plaintext: the answer itself, so nothing keeps it."""
    source = issued.key.source
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Copy the key now",
        "issued": issued,
        "source": source,
        "here": reverse("admin:ingestion_apikey_change", args=[issued.key.pk]),
    }
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return TemplateResponse(request, "admin/ingestion/key_shown.html", context, headers=headers)


class IssuingAdmin(ScopedAdmin):
    """Adding issues a key: the answer shows it, and no "save and add another" leads past it."""

    def note_issued(self, request: HttpRequest, issued: IssuedKey) -> None:
        """Keep the key from Django's saving to its answering, on the request alone."""
        vars(request)[_ISSUED] = issued

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the key."""
        return show_key(request, self, vars(request)[_ISSUED])

    def buttons(self, object_id: str | None) -> dict[str, bool]:
        """Hide the buttons that would skip the answer."""
        return {"show_save_and_add_another": False, "show_save_and_continue": bool(object_id)}


class KeyColumns:
    """What lists of keys say of each."""

    @display(description="scopes")
    def allowed(self, key: ApiKey) -> str:
        """Scopes in words."""
        return ", ".join(key.scopes)

    @display(description="last used", ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        """When it was used last."""
        return ago(key.last_used_at, never="never")


class ReadOnlyInline(TabularInline):
    """A list of what belongs to the object, each row a link to its own page."""

    extra = 0
    show_change_link = True
    can_delete = False
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Added on its own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Changed on its own page."""
        return False
