"""What the page of sources tells: how each one does, in one answer.

Every figure is asked for on its own, so a service that is away costs only its own figure.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.models import Prefetch, QuerySet

from ingestion import queue
from ingestion.models import ApiKey, Source
from ingestion.seen_formats import seen_formats
from logplatform.kernel import clock
from storage import facade as storage

logger = logging.getLogger(__name__)

T = TypeVar("T")
Place = tuple[str, str]

# The rate is that of so many minutes, the one that runs among them.
_RATE_MINUTES = 5
_NOTHING = storage.SourceActivity(lines=[])
_UNKNOWN = (
    *("lines", "lines_per_s", "lag_ms", "store_ms", "last_at"),
    *("not_stored", "not_stored_last_at"),
)


def describe_sources(sources: QuerySet[Source], *, shows_keys: bool) -> dict[str, Any]:
    """The figures of sources; a figure is None where nobody knows it now."""
    now = clock.now()
    keys = Prefetch("keys", queryset=ApiKey.objects.order_by("pk"))
    found = list(sources.prefetch_related(keys))
    apps = tuple({source.app.slug for source in found})
    activity = _known(lambda: storage.source_activity(apps, now=now)) if apps else {}
    formats = seen_formats(apps)
    return {
        "now": now,
        "step_s": 60,
        "queue": _known(_queue),
        "sources": [
            {
                **_setting(source),
                **_sent(activity, _place(source)),
                "formats": formats.get(_place(source), []),
                "keys": _keys(source.keys.all()) if shows_keys else None,
            }
            for source in found
        ],
    }


def _known(figure: Callable[[], T]) -> T | None:
    """The figure, None while whoever knows it cannot be reached."""
    try:
        return figure()
    except Exception:
        logger.warning("A figure of the page of sources is unavailable", exc_info=True)
        return None


def _place(source: Source) -> Place:
    return source.app.slug, source.slug


def _setting(source: Source) -> dict[str, Any]:
    return {
        "id": source.pk,
        "app": source.app.slug,
        "name": source.name,
        "slug": source.slug,
        "format": source.format,
        "is_active": source.is_active,
    }


def _sent(activity: dict[Place, storage.SourceActivity] | None, place: Place) -> dict[str, Any]:
    if activity is None:
        return {**dict.fromkeys(_UNKNOWN), "reason": ""}
    one = activity.get(place, _NOTHING)
    span_s = 60 * (_RATE_MINUTES - 1) + clock.now().second + 1
    return {
        "lines": one.lines,
        "lines_per_s": sum(one.lines[-_RATE_MINUTES:]) / span_s,
        "lag_ms": one.lag_ms,
        "store_ms": one.store_ms,
        "last_at": one.last_at,
        "not_stored": one.refused,
        "not_stored_last_at": one.refused_at,
        "reason": one.reason,
    }


def _queue() -> dict[str, Any]:
    shards = queue.shard_states(clock.now())
    ages = [shard.oldest_age_s for shard in shards if shard.oldest_age_s is not None]
    return {
        "entries": sum(shard.entries for shard in shards),
        "oldest_age_s": max(ages, default=None),
    }


def _keys(keys: Iterable[ApiKey]) -> dict[str, Any]:
    """How many keys may send, when one was used last, when the last of them ends."""
    every = list(keys)
    usable = [key for key in every if key.is_usable and "ingest" in key.scopes]
    used = [key.last_used_at for key in every if key.last_used_at]
    ends = [key.expires_at for key in usable if key.expires_at]
    return {
        "total": len(every),
        "may_send": len(usable),
        "last_used_at": max(used, default=None),
        "expires_at": max(ends) if usable and len(ends) == len(usable) else None,
    }
