"""Ends the guessing of passwords: after so many tries nobody is let in for a while.

Counted by name and address together, so that nobody can lock out somebody else, and by address.
"""

import hashlib
import logging
from typing import Any

import redis
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

PERIOD_S = 15 * 60
MOST_BY_NAME = 10
MOST_BY_ADDRESS = 100


class Guard:
    """The first authentication backend; knows nobody, and refuses before a password is tried."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, **_: Any
    ) -> None:
        """Raises: PermissionDenied; the page says the same as for a wrong password."""
        if request is None or username is None:
            return
        by_name, by_address = _keys(request, username)
        tries = _count(by_name, by_address)
        if tries[0] > MOST_BY_NAME or tries[1] > MOST_BY_ADDRESS:
            logger.warning(
                "Too many tries to sign in: passwords from this address are not looked at for now",
                extra={"address": _address(request), "tries": max(tries)},
            )
            raise PermissionDenied


def _address(request: HttpRequest) -> str:
    """Behind proxies, what the outermost that is trusted says."""
    return BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type]


def _keys(request: HttpRequest, name: str) -> tuple[str, str]:
    both = f"{_address(request)}\0{name.casefold()}".encode()
    digest = hashlib.sha256(both).hexdigest()
    return f"lgs:tries:{digest}", f"lgs:tries:{_address(request)}"


def _count(*keys: str) -> list[int]:
    """Tries so far, this one included; without the queue's server nobody counts."""
    from ingestion.queue.connection import ASIDE_S, client

    try:
        pipeline = client(ASIDE_S).pipeline(transaction=True)
        for key in keys:
            pipeline.incr(key)
            pipeline.expire(key, PERIOD_S, nx=True)
        return list(pipeline.execute()[::2])
    except redis.RedisError:
        logger.warning("Tries to sign in are not counted now", exc_info=True)
        return [0] * len(keys)


def forget(sender: object, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Who got in begins anew, and a try that succeeded is none of guessing."""
    from ingestion.queue.connection import ASIDE_S, client

    if request is None:
        return
    try:
        by_name, by_address = _keys(request, user.get_username())
        pipeline = client(ASIDE_S).pipeline(transaction=True)
        pipeline.delete(by_name)
        pipeline.decr(by_address)
        pipeline.expire(by_address, PERIOD_S, nx=True)
        pipeline.execute()
    except redis.RedisError:
        logger.warning("Tries to sign in are not forgotten now", exc_info=True)


def connect() -> None:
    """Listen to who gets in; called once Django is set up."""
    user_logged_in.connect(forget)
