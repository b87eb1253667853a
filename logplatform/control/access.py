"""Who may use the control plane: people, within their apps, with Django's model rights."""

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from logplatform.api_access import KeyIdentity
from logplatform.kernel.errors import PlatformError

ADDED, CHANGED, DELETED = ADDITION, CHANGE, DELETION
_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class PeopleOnly(PlatformError):
    """A key asked for what only a person may do."""

    code = "people_only"
    status = 403
    message = "API keys cannot manage what belongs to apps and people."
    hint = "Sign in and use the session, or use the admin."


class PeopleWithRights(BasePermission):
    """Reading needs membership of the app (and what `verbs` of the view says); writing a right.

    The rights are Django's model permissions, so the admin and the API agree. Which objects exist
    at all for the person is the view's queryset.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the person may do this kind of thing.

        Raises:
            PeopleOnly: an API key asks.
        """
        if isinstance(request.auth, KeyIdentity):
            raise PeopleOnly()
        user = request.user
        if not user or not user.is_authenticated:
            return False
        return all(user.has_perm(right) for right in self._needed(request.method or "", view))

    def _needed(self, method: str, view: Any) -> list[str]:
        verb = _VERBS.get(method)
        verbs = view.verbs.get(view.action, (verb,) if verb else ())
        return [view.right(verb) for verb in verbs]


def note(request: Request, thing: Model, flag: int, message: str) -> None:
    """Write into the object's history, where the admin shows it too."""
    LogEntry.objects.log_actions(
        person(request).pk, [thing], flag, f"By the API: {message}", single_object=True
    )


def person(request: Request) -> User:
    """The signed-in person behind a request that `PeopleWithRights` let in."""
    if not isinstance(request.user, User):
        raise AssertionError("BUG: a control view without PeopleWithRights")
    return request.user
