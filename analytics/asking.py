"""Says for whom a question is asked, so that storage can bound what it uses."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from logplatform.api_access import KeyIdentity
from storage import facade as storage


class Asking(APIView):
    """A view whose questions count as the caller's: limits by role, and a fair share of turns."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, with every question of it the caller's."""
        with storage.caller_scope():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks."""
        super().initial(request, *args, **kwargs)
        storage.set_caller(caller_of(request))


def caller_of(request: Request) -> storage.Caller:
    """The key or the person behind a request."""
    env = settings.ENV
    identity = request.auth
    if isinstance(identity, KeyIdentity):
        return storage.Caller(name=f"key:{identity.key_id}", limits=env.query_limits_key)
    user: Any = request.user
    is_staff = user.is_staff or user.is_superuser
    limits = env.query_limits_staff if is_staff else env.query_limits_member
    return storage.Caller(name=f"user:{user.pk}", limits=limits)
