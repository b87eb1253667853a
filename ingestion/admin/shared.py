"""What the pages of apps, sources and keys share."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from ingestion.models import ApiKey
from ingestion.setup import IssuedKey
from logplatform.admin_scope import ModelAdmin, ScopedAdmin, TabularInline

STATE_COLOURS = {"active": "success", "expired": "warning", "revoked": "danger"}


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


class OneSaveButton(ScopedAdmin):
    """An add form whose answer matters: no "save and add another" past it."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Hide the buttons that would skip the answer."""
        extra = {"show_save_and_add_another": False, "show_save_and_continue": bool(object_id)}
        return super().changeform_view(
            request, object_id, form_url, {**extra, **(extra_context or {})}
        )


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
