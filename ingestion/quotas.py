"""Quotas and content windows: what may be sent, how it is counted, what a refusal says.

The counting is part of the queue's enqueue script, so it costs no round trip of its own, and a body
that is refused is counted nowhere. Day counters lie in the queue, fsynced like it; a day is UTC's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

from ingestion import queue
from ingestion.contracts import Entry, Terms
from ingestion.errors import QuotaExceeded
from ingestion.metrics import duplicate_fields
from ingestion.models import ApiKey, Source
from logplatform.api_access import IngestLimits
from logplatform.kernel import clock
from storage.models import App

NO_LIMITS = IngestLimits()
_NO_TERMS = Terms()
_WORDS = {
    "rate": "bytes a second of this key, with bursts",
    "source": "bytes a day of this source",
    "app": "bytes a day of this app",
}


def limits_of(key: ApiKey) -> IngestLimits:
    """The limits a key is under; what it, its source or its app leaves open is the setting's."""
    env = settings.ENV
    source = key.source
    return IngestLimits(
        window_s=source.window_s,
        key_bytes_per_s=_or(key.rate_bytes, env.key_rate_bytes),
        source_bytes_per_day=source_limit(source),
        app_bytes_per_day=app_limit(source.app),
    )


def source_limit(source: Source) -> int:
    """Bytes a day of a source; 0: no limit."""
    return _or(source.daily_bytes, settings.ENV.source_daily_bytes)


def app_limit(app: App) -> int:
    """Bytes a day of an app; 0: no limit."""
    return _or(app.daily_bytes, settings.ENV.app_daily_bytes)


def terms_of(limits: IngestLimits, entry: Entry, *, idempotency_key: str, digest: str) -> Terms:
    """What the queue has to check for an entry.

    Args:
        idempotency_key: the sender's; with one, the content window is not looked at.
        digest: of the body as sent; needed with a key or a window.
    """
    has_window = bool(limits.window_s) and not idempotency_key
    if limits == NO_LIMITS and not idempotency_key:
        return _NO_TERMS
    today = clock.now()
    return Terms(
        window_key=f"lgs:same:{entry.app}/{entry.source}:{digest}",
        window_s=limits.window_s if has_window else 0,
        rate_key=f"lgs:rate:{entry.key_id}",
        rate_bytes=limits.key_bytes_per_s,
        burst_bytes=limits.key_bytes_per_s * settings.ENV.key_burst_s,
        source_key=_source_key(entry.app, entry.source, today),
        source_bytes=limits.source_bytes_per_day,
        app_key=_app_key(entry.app, today),
        app_bytes=limits.app_bytes_per_day,
        duplicate_fields=(
            duplicate_fields(entry.app, entry.source, entry.protocol)
            if has_window or idempotency_key
            else ()
        ),
    )


def refusal(over: queue.OverQuota, limits: IngestLimits) -> QuotaExceeded:
    """The error for the sender: which quota, how full, until when."""
    now = clock.now()
    limit = {
        "rate": limits.key_bytes_per_s * settings.ENV.key_burst_s,
        "source": limits.source_bytes_per_day,
        "app": limits.app_bytes_per_day,
    }[over.which]
    opens_at = now + timedelta(seconds=max(1, over.wait_s))
    if over.which != "rate":
        opens_at = _midnight_after(now)
    return QuotaExceeded(
        quota=_WORDS[over.which],
        used=over.used_bytes,
        limit=limit,
        resets_at=f"{opens_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        retry_after_s=max(1, int((opens_at - now).total_seconds())),
    )


def used_today(rows: Sequence[App | Source]) -> list[tuple[int, int]]:
    """(bytes of today, quota) of each app or source; only where there is a quota is counted."""
    now = clock.now()
    used = queue.counters([_day_key(row, now) for row in rows])
    return list(zip(used, map(_daily_limit, rows), strict=True))


def _daily_limit(row: App | Source) -> int:
    return source_limit(row) if isinstance(row, Source) else app_limit(row)


def _day_key(row: App | Source, now: datetime) -> str:
    if isinstance(row, Source):
        return _source_key(row.app.slug, row.slug, now)
    return _app_key(row.slug, now)


def _or(own: int | None, everyones: int) -> int:
    return everyones if own is None else own


def _source_key(app: str, source: str, now: datetime) -> str:
    return f"lgs:day:{now.astimezone(UTC):%Y%m%d}:source:{app}/{source}"


def _app_key(app: str, now: datetime) -> str:
    return f"lgs:day:{now.astimezone(UTC):%Y%m%d}:app:{app}"


def _midnight_after(now: datetime) -> datetime:
    day = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(day, time(), UTC)
