"""Sources: what they are read as, what they sent today, their keys."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from unfold.decorators import display

from ingestion.admin.receipt_pages import receipt_view, receipts_view
from ingestion.admin.reject_pages import lines_view, reasons_view
from ingestion.admin.replay_pages import delete_view, preview_view, replay_view
from ingestion.admin.shared import KeyColumns, ReadOnlyInline, key_state
from ingestion.admin.usage import UsageAdmin
from ingestion.forms import SourceForm
from ingestion.models import ApiKey, Source


class KeyInline(KeyColumns, ReadOnlyInline):
    """The keys of a source."""

    model = ApiKey
    fields = ("allowed", "used", "expires_at", "state")
    readonly_fields = fields

    @display(description="state")
    def state(self, key: ApiKey) -> str:
        """Whether it is let in."""
        return key_state(key)


@admin.register(Source)
class SourceAdmin(UsageAdmin):
    """Sources with what they sent today, and the pages about what did not go in."""

    form = SourceForm
    list_display = ("name", "app", "read_as", "is_active", "lines_today", "volume", "last_line")
    list_filter = (("app", RelatedOnlyFieldListFilter), "is_active")
    search_fields = ("name", "slug", "app__name", "app__slug")
    list_select_related = ("app",)
    list_per_page = 50
    inlines = (KeyInline,)
    fields = (
        *("app", "name", "slug", "format", "zone"),
        *("multiline", "window_s", "daily_bytes", "volume", "is_active"),
    )

    def get_custom_urls(self) -> Any:
        """The pages about lines that were not stored, and about receipts."""
        below = "not-stored/"
        return (
            (below, "ingestion_quarantine", reasons_view),
            (f"{below}lines/", "ingestion_quarantine_lines", lines_view),
            (f"{below}delete/", "ingestion_quarantine_delete", delete_view),
            (f"{below}preview/", "ingestion_replay_preview", preview_view),
            (f"{below}replays/<uuid:replay>/", "ingestion_replay", replay_view),
            ("receipts/", "ingestion_receipts", receipts_view),
            ("receipts/<str:receipt>/", "ingestion_receipt", receipt_view),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Stored lines carry app and slug, so they stay."""
        return ("app", "slug", "volume") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new source has sent nothing yet."""
        return self.fields if obj else [name for name in self.fields if name != "volume"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug follows the name while it is typed."""
        return {} if obj else {"slug": ("name",)}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """A new source has no keys yet."""
        return self.inlines if obj else ()

    def response_add(self, request: HttpRequest, obj: Source, post_url_continue: Any = None) -> Any:
        """Go on to its first key."""
        if not request.user.has_perm("ingestion.add_apikey"):
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, f"{obj} is there. Issue its first key:")
        return redirect(f"{reverse('admin:ingestion_apikey_add')}?source={obj.pk}")

    @display(description="format", ordering="format")
    def read_as(self, source: Source) -> str:
        """The format in words."""
        return source.format or "detected"
