"""Pages. What they show comes from the JSON API; a page itself holds no log text."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from logplatform.kernel import clock
from storage.access import apps_for


class Login(LoginView):
    """The sign-in page; who is signed in already goes on to the explorer."""

    template_name = "dashboard/login.html"
    redirect_authenticated_user = True


@login_required
def explorer(request: HttpRequest) -> HttpResponse:
    """Search and watch the lines of the apps one may see."""
    return _explorer(request, record_id=None)


@login_required
def record(request: HttpRequest, log_id: UUID) -> HttpResponse:
    """The explorer with one line open, among its neighbours in time."""
    return _explorer(request, record_id=str(log_id))


def _explorer(request: HttpRequest, *, record_id: str | None) -> HttpResponse:
    apps = list(apps_for(request.user).values("slug", "name"))
    if not apps:
        return render(request, "dashboard/no_app.html", {"may_create": _may_create(request.user)})
    context = {"apps": apps, "config": _config(apps, record_id=record_id)}
    return render(request, "dashboard/explorer.html", context)


def _config(apps: list[Any], *, record_id: str | None) -> dict[str, Any]:
    """What the scripts of the page start from."""
    return {
        "apps": apps,
        "record": record_id,
        "now_ms": round(clock.now().timestamp() * 1000),
        "explorer": reverse("explorer"),
        "login": reverse("login"),
    }


def _may_create(user: User | AnonymousUser) -> bool:
    return user.is_staff and user.has_perm("storage.add_app")
