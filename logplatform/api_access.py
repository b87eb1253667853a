"""Whose apps a request may read or write: one rule for keys and for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest

from logplatform.kernel.errors import PlatformError
from logplatform.kernel.nearest import did_you_mean


class ScopeMissing(PlatformError):
    """The key is valid but not for this."""

    code = "scope_missing"
    status = 403
    message = "This key has no '{scope}' scope."
    hint = "Use a key with the '{scope}' scope; an administrator can issue one in the admin."


class AppNotFound(PlatformError):
    """The app does not exist, or the caller may not know that it does."""

    code = "app_not_found"
    status = 404
    message = "There is no app '{app}' that you may see."
    hint = "{meant}GET /api/v1/apps lists the apps of a person; a key sees its own app only."

    def __init__(self, *, app: str, visible: Iterable[str]) -> None:
        """`visible` are the apps that may be meant: those the caller may see."""
        super().__init__(app=app[:63], meant=did_you_mean(app[:63], visible))


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    """What may be sent with a key; bytes are counted decompressed, 0 is no limit.

    `window_s` is the content window of its source: a body that came within so many seconds is a
    duplicate; 0 is none.
    """

    window_s: int = 0
    key_bytes_per_s: int = 0
    source_bytes_per_day: int = 0
    app_bytes_per_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIdentity:
    """What a valid key stands for: `request.auth` of requests made with one.

    `own_formats`: name → version in use of the formats of its app.
    """

    key_id: int
    app: str
    source: str
    source_id: int
    scopes: frozenset[str]
    format: str
    zone: str
    multiline: bool = True
    limits: IngestLimits = IngestLimits()
    own_formats: Mapping[str, int] = field(default_factory=dict)

    @property
    def apps(self) -> tuple[str, ...]:
        """Slugs of the apps the key may see."""
        return (self.app,)

    def require(self, scope: str) -> None:
        """Raise ScopeMissing unless the key has `scope`."""
        if scope not in self.scopes:
            raise ScopeMissing(scope=scope)


def visible_apps(request: HttpRequest) -> tuple[str, ...]:
    """Slugs of the apps the caller may read, narrowed by `?app=`.

    Raises:
        ScopeMissing: an API key without the `query` scope.
        AppNotFound: `?app=` names an app the caller may not see.
    """
    from storage.access import apps_for

    identity = getattr(request, "auth", None)
    if isinstance(identity, KeyIdentity):
        identity.require("query")
        visible = identity.apps
    else:
        visible = tuple(apps_for(request.user).values_list("slug", flat=True))
    wanted = request.GET.get("app")
    if not wanted:
        return visible
    if wanted not in visible:
        raise AppNotFound(app=wanted, visible=visible)
    return (wanted,)
