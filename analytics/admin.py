"""Admin of what people keep: their own, and what is shared with the members of their apps."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from analytics.models import Dashboard, SavedSearch
from logplatform.admin_scope import ScopedAdmin, staff_user


class KeptAdmin(ScopedAdmin):
    """Looked through, shared and deleted here; made on the pages it is used on."""

    list_filter = (("app", RelatedOnlyFieldListFilter), "is_shared")
    list_select_related = ("app", "owner")
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        """What is private is its owner's business; superusers may clean up."""
        rows, user = super().get_queryset(request), staff_user(request)
        return rows if user.is_superuser else rows.filter(Q(is_shared=True) | Q(owner=user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Added where it is used."""
        return False

    @display(description="owner", ordering="owner__username")
    def owned_by(self, thing: Any) -> str:
        """Who made it; nobody, when that person is gone."""
        return thing.owner.username if thing.owner else "nobody"

    @display(description="shows")
    def opened(self, thing: Any) -> str:
        """A link to where it is used."""
        return format_html('<a href="{}">Open</a>', self.address_of(thing))

    def address_of(self, thing: Any) -> str:
        """Where it is used."""
        raise AssertionError("BUG: a kept thing needs an address")


@admin.register(SavedSearch)
class SavedSearchAdmin(KeptAdmin):
    """Queries people keep."""

    list_display = ("name", "app", "q", "owned_by", "is_shared", "updated_at")
    search_fields = ("name", "q", "app__name", "owner__username")
    fields = ("app", "name", "q", "range", "opened", "owner", "is_shared", "updated_at")
    readonly_fields = ("app", "q", "range", "opened", "owner", "updated_at")

    def address_of(self, thing: SavedSearch) -> str:
        """The explorer with its query and range."""
        asked = {name: getattr(thing, name) for name in ("q", "range", "start", "end")}
        asked["app"] = thing.app.slug if thing.app else ""
        given = {name: value for name, value in asked.items() if value}
        return f"{reverse('explorer')}?{urlencode(given)}"


@admin.register(Dashboard)
class DashboardAdmin(KeptAdmin):
    """Dashboards people keep."""

    list_display = ("name", "app", "panel_count", "owned_by", "is_shared", "updated_at")
    search_fields = ("name", "app__name", "owner__username")
    fields = ("app", "name", "panel_titles", "range", "refresh_s", "opened", "owner", "is_shared")
    readonly_fields = ("app", "panel_titles", "range", "refresh_s", "opened", "owner")
    ordering: ClassVar = ["name"]

    def address_of(self, thing: Dashboard) -> str:
        """Its page."""
        return reverse("dashboard", args=[thing.pk])

    @display(description="panels")
    def panel_count(self, board: Dashboard) -> int:
        """How many."""
        return len(board.panels)

    @display(description="panels")
    def panel_titles(self, board: Dashboard) -> str:
        """What they are called."""
        return ", ".join(panel["title"] or panel["kind"] for panel in board.panels) or "none"
