"""Start-up checks of Django's check framework, each with a hint what to do."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


def check_hosts(**_: Any) -> list[CheckMessage]:
    """A wildcard host disables the origin check of WebSockets."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS contains '*', which lets any web site open live tails.",
            hint="List the real host names in ALLOWED_HOSTS and set PUBLIC_URL.",
            id="logplatform.E001",
        )
    ]


def check_services(**_: Any) -> list[CheckMessage]:
    """Without the queue and the engine most commands cannot work."""
    missing = [name for name in ("VALKEY_URL", "CLICKHOUSE_URL") if not getattr(settings, name)]
    if not missing:
        return []
    return [
        Warning(
            f"{' and '.join(missing)} not set and no embedded services are running.",
            hint="Start them with `make up`, or set the URLs of your own servers.",
            id="logplatform.W001",
        )
    ]


def check_permissions(**_: Any) -> list[CheckMessage]:
    """The API must be closed unless a view opens itself."""
    classes: Any = settings.REST_FRAMEWORK.get("DEFAULT_PERMISSION_CLASSES", [])
    if classes and "rest_framework.permissions.AllowAny" not in classes:
        return []
    return [
        Error(
            "The API's default permission lets everybody in.",
            hint="Set DEFAULT_PERMISSION_CLASSES to IsAuthenticated.",
            id="logplatform.E002",
        )
    ]


def register_all() -> None:
    """Register the checks; called once Django is set up."""
    for check in (check_hosts, check_services, check_permissions):
        register(check, Tags.security)
