"""Keys: issued and rotated with the plaintext shown once, revoked at once."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import action, display

from ingestion import setup
from ingestion.admin.shared import STATE_COLOURS, IssuingAdmin, KeyColumns, key_state, show_key
from ingestion.forms import KeyForm, NewKeyForm
from ingestion.models import ApiKey
from logplatform.admin_scope import staff_user


@admin.register(ApiKey)
class ApiKeyAdmin(KeyColumns, IssuingAdmin):
    """Keys: issued and rotated with the plaintext shown once, revoked at once."""

    app_path = "source__app"
    hidden_lookups = ("secret_hash",)
    form = KeyForm
    list_display = ("name", "prefix", "source", "allowed", "used", "ends", "state")
    list_filter = (
        ("source__app", RelatedOnlyFieldListFilter),
        ("source", RelatedOnlyFieldListFilter),
    )
    search_fields = ("name", "public_id", "source__name", "source__app__name")
    list_select_related = ("source__app",)
    list_per_page = 50
    fields = (
        "name",
        "expires_at",
        "rate_bytes",
        "prefix",
        "source",
        "allowed",
        "state",
        "used",
        "made",
    )
    readonly_fields = ("prefix", "source", "allowed", "state", "used", "made")
    actions = ("revoke_selected",)
    actions_detail = ("rotate", "revoke")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """A new key has scopes to choose."""
        kwargs["form"] = KeyForm if obj else NewKeyForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is typed for a new key; what is known of an old one."""
        return self.fields if obj else ("source", "name", "scopes", "expires_at", "rate_bytes")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Source and scopes are chosen once."""
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Issue a new key; an old one is saved as it is."""
        if change:
            super().save_model(request, obj, form, change)
            return
        issued = setup.issue_key(**form.cleaned_data, created_by=staff_user(request))
        obj.pk, obj.public_id = issued.key.pk, issued.key.public_id
        self.note_issued(request, issued)

    @admin.action(description="Revoke selected keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke each, with an entry in its history."""
        keys = list(queryset.filter(revoked_at=None))
        for key in keys:
            self._revoke(request, key)
        messages.success(request, f"{len(keys)} keys revoked; they are refused within 5 seconds.")

    @action(description="Rotate", url_path="rotate", icon="autorenew", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then issue the successor and show it."""
        key = self._key(request, object_id)
        if request.method != "POST" or not key.is_usable:
            return self._ask(request, key, "rotate")
        issued = setup.rotate_key(key)
        self.log_change(request, key, f"Rotated: its successor is {issued.key}.")
        self.log_addition(request, issued.key, f"Issued as the successor of {key}.")
        return show_key(request, self, issued)

    @action(description="Revoke", url_path="revoke", icon="block", permissions=["change"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then revoke."""
        key = self._key(request, object_id)
        if request.method != "POST":
            return self._ask(request, key, "revoke")
        self._revoke(request, key)
        messages.success(request, f"{key} is revoked; it is refused within 5 seconds.")
        return redirect("admin:ingestion_apikey_change", key.pk)

    def has_rotate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rotating issues one key and revokes another."""
        return self.has_change_permission(request) and self.has_add_permission(request)

    @display(description="key", ordering="public_id")
    def prefix(self, key: ApiKey) -> str:
        """What of the key may be shown."""
        return f"lgs_{key.public_id}_…"

    @display(description="state", label=STATE_COLOURS)
    def state(self, key: ApiKey) -> str:
        """Whether it is let in."""
        return key_state(key)

    @display(description="ends", ordering="expires_at")
    def ends(self, key: ApiKey) -> str:
        """When it ends by itself."""
        return f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"

    @display(description="issued")
    def made(self, key: ApiKey) -> str:
        """When and by whom."""
        return f"{key.created_at:%Y-%m-%d %H:%M} UTC by {key.created_by or 'the system'}"

    def _key(self, request: HttpRequest, object_id: str) -> ApiKey:
        key: ApiKey | None = self.get_object(request, object_id)
        if key is None:
            raise Http404
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        return key

    def _ask(self, request: HttpRequest, key: ApiKey, verb: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.title()} {key.name}",
            "key": key,
            "verb": verb,
            "state": key_state(key),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/ingestion/key_confirm.html", context)

    def _revoke(self, request: HttpRequest, key: ApiKey) -> None:
        setup.revoke_key(key)
        self.log_change(request, key, "Revoked.")
