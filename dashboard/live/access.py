"""Who watches, and whether they may: asked anew at every check, so that a right taken away ends it.

A key in the headers counts alone; cookies are then ignored.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from dashboard.live.errors import AppMissing, NotAuthenticated
from ingestion.authentication import identity_of, key_in
from ingestion.keys import parse_key
from logplatform.api_access import AppNotFound
from storage.access import apps_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A permitted look: who (`user:3`, `key:5`) and at which app (its slug)."""

    viewer: str
    app: str


def access_app(scope: dict[str, Any], wanted: str) -> Watch:
    """Who is behind `scope` and which app they watch; `wanted` may be empty if they see only one.

    Raises:
        NotAuthenticated: no session or key, or it is not valid any more.
        ScopeMissing: the key may not query.
        AppNotFound: the app is not there, or not theirs: nobody can tell which.
        AppMissing: none was named and there are several.
    """
    viewer, visible = _viewer_and_apps(scope)
    if not wanted:
        if len(visible) > 1:
            raise AppMissing()
        wanted = visible[0] if visible else ""
    if wanted not in visible:
        raise AppNotFound(app=wanted, visible=visible)
    return Watch(viewer=viewer, app=wanted)


def _viewer_and_apps(scope: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    text = key_in(headers)
    if text is None:
        return _person(scope)
    key = parse_key(text)
    identity = identity_of(key) if key else None
    if identity is None:
        raise NotAuthenticated()
    identity.require("query")
    return f"key:{identity.key_id}", identity.apps


def _person(scope: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The user of the session as the database has it now, not as it was at the handshake."""
    session_key = scope["session"].session_key if "session" in scope else None
    if session_key is None:
        raise NotAuthenticated()
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not user.is_authenticated or not user.is_active:
        raise NotAuthenticated()
    return f"user:{user.pk}", tuple(apps_for(user).values_list("slug", flat=True))
