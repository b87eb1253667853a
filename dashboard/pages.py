"""What all pages start from: apps, clock, addresses; or a page that says why there is none."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dashboard.first_search import first_search
from logplatform.kernel import clock
from storage.access import apps_for


def app_page(
    request: HttpRequest, template: str, *, is_search: bool = False, **config: Any
) -> HttpResponse:
    """A page over the apps one sees; its scripts start from `config` and what all pages need.

    A page that `is_search` has the browser fetch its first lines before its scripts are there.
    """
    apps = list(apps_for(request.user).values("slug", "name"))
    if not apps:
        return render(request, "dashboard/no_app.html", {"may_create": _may_create(request.user)})
    now_ms = round(clock.now().timestamp() * 1000)
    base = {
        "apps": apps,
        "now_ms": now_ms,
        "explorer": reverse("explorer"),
        "login": reverse("login"),
    }
    slugs = [app["slug"] for app in apps]
    first = first_search(request, slugs, now_ms) if is_search else None
    context = {"apps": apps, "config": {**base, **config}, "first_search": first}
    return render(request, template, context)


def _may_create(user: User | AnonymousUser) -> bool:
    return user.is_staff and user.has_perm("storage.add_app")
