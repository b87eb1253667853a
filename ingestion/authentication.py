"""API keys as DRF authentication: `Authorization: Bearer <key>` or `X-API-Key: <key>`."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from django.db import Error as DatabaseFailure
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from ingestion import queue
from ingestion.custom.reading import published
from ingestion.errors import KeysAway
from ingestion.keys import KeyText, parse_key
from ingestion.models import ApiKey
from ingestion.quotas import limits_of
from logplatform.api_access import KeyIdentity
from logplatform.kernel import clock

CACHE_S = 5.0
REMEMBERED_S = 600.0
_MAX_CACHED = 10_000
_INVALID = "This API key is not valid: unknown, revoked, expired, or of an inactive source."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUser:
    """Stands for the bearer of a key where a user is expected; owns nothing by itself."""

    is_authenticated: bool = True
    is_active: bool = True
    is_superuser: bool = False
    is_staff: bool = False
    pk: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cached:
    secret_hash: str
    expires_at: float
    identity: KeyIdentity
    read_at: float


_cache: dict[str, _Cached] = {}


def forget_cached_keys() -> None:
    """Look every key up again at its next use."""
    _cache.clear()


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the KeyIdentity. A revoked key is refused within five seconds."""

    def authenticate(self, request: Any) -> tuple[KeyUser, KeyIdentity] | None:
        """The identity behind the key, None where no key was sent.

        Raises:
            AuthenticationFailed: a key was sent and is not valid.
        """
        if key_in(request.headers) is None:
            return None
        identity = sender_of(request.headers)
        if identity is None:
            raise AuthenticationFailed(_INVALID)
        return KeyUser(), identity

    def authenticate_header(self, request: Any) -> str:
        """Makes DRF answer 401, not 403, where nobody is authenticated."""
        return 'Bearer realm="logplatform"'


def key_in(headers: Mapping[str, str]) -> str | None:
    """The key text that headers carry, if any; looked up by names in small letters."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return headers.get("x-api-key")


def sender_of(headers: Mapping[str, str]) -> KeyIdentity | None:
    """What the key in the headers stands for, None where there is none that is valid.

    Raises:
        KeysAway: as `identity_of`.
    """
    text = key_in(headers)
    key = parse_key(text) if text else None
    return identity_of(key) if key else None


def fresh_identity(headers: Mapping[str, str]) -> KeyIdentity | None:
    """What the key in the headers stands for, if that is known without asking the database."""
    text = key_in(headers)
    key = parse_key(text) if text else None
    if key is None or _is_stale(_cache.get(key.public_id)):
        return None
    return identity_of(key)


def identity_of(key: KeyText) -> KeyIdentity | None:
    """What a key stands for, None if it is not valid; read from the database every 5 s at most.

    Raises:
        KeysAway: the database is away and the key was not seen lately.
    """
    cached = _cache.get(key.public_id)
    is_stale = _is_stale(cached)
    if is_stale:
        cached = _look_up_or_remember(key.public_id, cached)
    if cached is None or not key.matches(cached.secret_hash):
        return None
    if cached.expires_at <= clock.now().timestamp():
        return None
    if is_stale:
        _note_use(cached.identity)
    return cached.identity


def _is_stale(cached: _Cached | None) -> bool:
    return cached is None or time.monotonic() - cached.read_at > CACHE_S


def _note_use(identity: KeyIdentity) -> None:
    """Remember the use of a key; without the queue it is not worth failing for."""
    with suppress(redis.RedisError):
        queue.note_key_use(identity.key_id, clock.now())


def _look_up_or_remember(public_id: str, cached: _Cached | None) -> _Cached | None:
    """Look up; while the control plane is away, what was read in the last ten minutes holds.

    Raises:
        KeysAway: nobody can say whether the key is valid.
    """
    try:
        return _look_up(public_id)
    except DatabaseFailure as error:
        if cached is None or time.monotonic() - cached.read_at > REMEMBERED_S:
            raise KeysAway() from error
        return cached


def _was_revoked(public_id: str) -> bool:
    """Also where the database is an older copy; without the queue, the database alone decides."""
    with suppress(redis.RedisError):
        return queue.is_revoked(public_id)
    return False


def _look_up(public_id: str) -> _Cached | None:
    row = ApiKey.objects.usable().select_related("source__app").filter(public_id=public_id).first()
    if row is None or not row.source.is_active or _was_revoked(public_id):
        _cache.pop(public_id, None)
        return None
    if len(_cache) >= _MAX_CACHED:
        _cache.clear()
    _cache[public_id] = _Cached(
        secret_hash=row.secret_hash,
        expires_at=row.expires_at.timestamp() if row.expires_at else float("inf"),
        identity=KeyIdentity(
            key_id=row.pk,
            app=row.source.app.slug,
            source=row.source.slug,
            source_id=row.source_id,
            scopes=frozenset(row.scopes),
            format=row.source.format,
            zone=row.source.zone,
            multiline=row.source.multiline == "auto",
            limits=limits_of(row),
            own_formats=published(row.source.app_id),
        ),
        read_at=time.monotonic(),
    )
    return _cache[public_id]
