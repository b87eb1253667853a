"""What apps and sources sent today, for lists; says "unavailable" while the engine is down."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import redis
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from ingestion import quotas
from ingestion.models import Source
from logplatform.admin_figures import ago
from logplatform.admin_scope import ScopedAdmin
from storage.models import App

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

logger = logging.getLogger(__name__)

Today = Mapping[tuple[str, str], tuple[int, datetime]]


def today_of(apps: Iterable[str]) -> Today | None:
    """(app, source) → lines of today (UTC) and when the last came; None while nobody knows."""
    from storage import facade  # late: starting the web process must not load the engine's client

    try:
        return facade.lines_today(tuple(apps))
    except Exception:
        logger.warning("Today's lines cannot be counted", exc_info=True)
        return None


class UsageChangeList(ChangeList):
    """Gives each App or Source on the page its `lines` and `last`."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page with their figures."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        today = today_of({_app_of(row).slug for row in rows}) if rows else {}
        for row, volume in zip(rows, volumes_of(rows), strict=True):
            row.volume = volume
            row.lines, row.last = _figures(row, today)
        self.result_list = rows


class UsageAdmin(ScopedAdmin):
    """Lists apps or sources with today's lines; each leads to the pages about it."""

    actions_detail = ("dashboard", "watch")

    @action(description="Dashboard", url_path="dashboard", icon="monitoring", permissions=["view"])
    def dashboard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The overview of the app."""
        return self._page(request, object_id, "dashboards")

    @action(description="Watch it", url_path="watch", icon="sensors", permissions=["view"])
    def watch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What it sends, and how to send to it."""
        return self._page(request, object_id, "sources")

    def _page(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        where = {"app": _app_of(row).slug}
        if isinstance(row, Source) and name == "sources":
            where["source"] = str(row.pk)
        return redirect(f"{reverse(name)}?{urlencode(where)}")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """A list that knows today's lines."""
        return UsageChangeList

    @display(description="lines today")
    def lines_today(self, row: Any) -> str:
        """How many lines came today, as a link to them; empty where nobody counted."""
        lines = str(getattr(row, "lines", ""))
        if not lines[:1].isdigit() or lines == "0":
            return lines
        source = f"source:{row.slug}" if isinstance(row, Source) else ""
        where = urlencode({"app": _app_of(row).slug, "q": source, "range": "24h"})
        link = '<a class="lp-link" href="{}?{}" title="Show them">{}</a>'
        return format_html(link, reverse("explorer"), where, lines)

    @display(description="quota today")
    def volume(self, row: Any) -> str:
        """Bytes of today against the quota."""
        return getattr(row, "volume", None) or volumes_of([row])[0]

    @display(description="last line")
    def last_line(self, row: Any) -> str:
        """When the last line of today came."""
        return ago(getattr(row, "last", None))


def volumes_of(rows: Sequence[App | Source]) -> list[str]:
    """What each row has sent today against its daily quota, in words."""
    try:
        used = quotas.used_today(rows)
    except redis.RedisError:
        return ["unavailable"] * len(rows)
    return [_volume(*pair) for pair in used]


def _volume(used: int, limit: int) -> str:
    if not limit:
        return "no quota"
    return f"{filesizeformat(used)} of {filesizeformat(limit)} ({100 * used // limit} %)"


def _app_of(row: App | Source) -> App:
    return row.app if isinstance(row, Source) else row


def _figures(row: App | Source, today: Today | None) -> tuple[str, datetime | None]:
    if today is None:
        return "unavailable", None
    app, source = _app_of(row).slug, row.slug if isinstance(row, Source) else None
    found = [value for key, value in today.items() if key[0] == app and source in (None, key[1])]
    lines = sum(count for count, _ in found)
    return f"{lines:,}".replace(",", " "), max((last for _, last in found), default=None)
