"""What all pages start from: apps, clock, addresses; or a page that says why there is none."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from logplatform.kernel import clock
from storage.access import apps_for


def app_page(request: HttpRequest, template: str, **config: Any) -> HttpResponse:
    """A page over the apps one sees; its scripts start from `config` and what all pages need."""
    apps = list(apps_for(request.user).values("slug", "name"))
    if not apps:
        return render(request, "dashboard/no_app.html", {"may_create": _may_create(request.user)})
    base = {
        "apps": apps,
        "now_ms": round(clock.now().timestamp() * 1000),
        "explorer": reverse("explorer"),
        "login": reverse("login"),
    }
    return render(request, template, {"apps": apps, "config": {**base, **config}})


def _may_create(user: User | AnonymousUser) -> bool:
    return user.is_staff and user.has_perm("storage.add_app")
