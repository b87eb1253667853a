"""Pages. What they show comes from the JSON API; a page itself holds no log text."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.first_search import PAGE_LINES
from dashboard.pages import app_page
from dashboard.shippers import KEY_PLACE, snippets


class Login(LoginView):
    """The sign-in page; who is signed in already goes on to the explorer."""

    template_name = "dashboard/login.html"
    redirect_authenticated_user = True


@login_required
def explorer(request: HttpRequest) -> HttpResponse:
    """Search and watch the lines of the apps one may see."""
    return app_page(request, "dashboard/explorer.html", is_search=True, page_lines=PAGE_LINES)


@login_required
def record(request: HttpRequest, log_id: UUID) -> HttpResponse:
    """The explorer with one line open, among its neighbours in time."""
    return app_page(request, "dashboard/explorer.html", page_lines=PAGE_LINES, record=str(log_id))


@login_required
def dashboards(request: HttpRequest, dashboard_id: int | None = None) -> HttpResponse:
    """The overview of an app, or a dashboard people made; which one, the address tells."""
    return app_page(
        request,
        "dashboard/dashboards.html",
        dashboards=reverse("dashboards"),
        may_change=request.user.has_perm("analytics.change_dashboard"),
    )


@login_required
def sources(request: HttpRequest) -> HttpResponse:
    """How each source does, and how to send to it."""
    user = request.user
    reviews = user.is_staff and user.has_perm("ingestion.view_source")
    return app_page(
        request,
        "dashboard/sources.html",
        snippets=snippets(request),
        key_place=KEY_PLACE,
        may_issue=user.has_perm("ingestion.add_apikey"),
        may_add=user.has_perm("ingestion.add_source"),
        quarantine=reverse("admin:ingestion_quarantine_lines") if reviews else None,
        settings=reverse("admin:ingestion_source_changelist") if reviews else None,
    )
