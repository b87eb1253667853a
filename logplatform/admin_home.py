"""Front page of the admin: is it healthy, who sends how much, what was not stored, what goes next.

Every figure is asked for on its own, so a service that is away costs only its own figure.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask

from logplatform import health
from logplatform.admin_scope import staff_user
from logplatform.kernel import clock
from storage.access import apps_for
from storage.models import App, RetentionRun

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETENTION_TASK = "storage.run_retention"
_NAMES = {
    "control_plane": "Control plane",
    "queue": "Queue",
    "queue_data": "Data of the queue",
    "log_engine": "Log engine",
    "disk_space": "Disk space",
}
_MOST_APPS = 12
_MOST_REASONS = 5
_MOST_GAPS = 5
# The check runs each minute and waits two for a minute to settle.
_BEHIND = timedelta(minutes=15)


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds the figures of the front page to its context (unfold's DASHBOARD_CALLBACK)."""
    apps = list(apps_for(staff_user(request)).select_related("retention"))
    slugs = tuple(app.slug for app in apps)
    states = health.dependency_states()
    has_engine = states["log_engine"] == "ok"
    rows = [_in_words(name, works=state == "ok") for name, state in states.items()]
    rows.append(_workers())
    context |= {
        "states": rows,
        "is_healthy": all(works for _, works, _ in rows),
        "disk": _known(_disk),
        "apps": apps,
        "today": _known(lambda: _today(apps)) if has_engine else None,
        "backlog": _known(_backlog) if states["queue"] == "ok" else None,
        "bounds": _bounds(),
        "rejected": _known(lambda: _rejected(slugs)) if has_engine else None,
        "expiring": _known(lambda: _expiring(slugs)) if has_engine else None,
        "ledger": _known(lambda: _ledger(slugs)),
        "next_run": next_run(),
        "warnings": _known(lambda: _warnings(slugs)) or [],
        "last_run": RetentionRun.objects.first(),
        "now": clock.now(),
    }
    return context


def _in_words(name: str, *, works: bool) -> tuple[str, bool, str]:
    """Name of a dependency, whether it works, and the same in words."""
    if name == "disk_space":
        words = "enough" if works else "nearly used up, so nothing more is taken"
    else:
        words = "works" if works else "cannot be reached"
    return _NAMES.get(name, name), works, words


def _workers() -> tuple[str, bool, str]:
    """The same of those who store what is sent."""
    from ingestion import pulse

    try:
        last = pulse.last()
    except redis.RedisError:
        return "Workers", False, "unknown while the queue cannot be reached"
    if last is None:
        return "Workers", False, "have done nothing yet"
    silence = clock.now() - last
    if silence > pulse.LONGEST_SILENCE:
        return "Workers", False, f"silent for {round(silence.total_seconds() / 60)} minutes"
    return "Workers", True, "work"


def _disk() -> dict[str, Any] | None:
    """Free space below DATA_DIR; None where nothing of ours is on a disk here."""
    from ingestion import space

    if not settings.ENV.data_dir.exists():
        return None
    found = space.look()
    return {"free": found.free_bytes, "needed": found.needed_bytes, "is_short": found.is_short}


def next_run() -> datetime | None:
    """When the schedule removes expired lines next; None when it is switched off."""
    task = PeriodicTask.objects.filter(task=RETENTION_TASK, enabled=True).first()
    if task is None:
        return None
    schedule, now = task.schedule, clock.now()
    schedule.nowfun = lambda: now
    left: timedelta = schedule.remaining_estimate(task.last_run_at or now)
    return now + max(left, timedelta(0))


def _known(figure: Callable[[], T]) -> T | None:
    """The figure, None while whoever knows it cannot be reached."""
    try:
        return figure()
    except Exception:
        logger.warning("A figure of the admin's front page is unavailable", exc_info=True)
        return None


def _today(apps: list[App]) -> dict[str, Any]:
    """Lines of today by app, most first, with the width of its bar in per cent."""
    from storage import facade

    counts = facade.lines_today(tuple(app.slug for app in apps))
    rows = [_app_row(app, counts) for app in apps]
    rows.sort(key=lambda row: (-row["lines"], row["app"].name))
    most = max((row["lines"] for row in rows), default=0) or 1
    for row in rows:
        row["share"] = round(100 * row["lines"] / most)
    return {
        "rows": rows[:_MOST_APPS],
        "more": max(0, len(rows) - _MOST_APPS),
        "total": sum(row["lines"] for row in rows),
    }


def _app_row(app: App, counts: Mapping[tuple[str, str], tuple[int, datetime]]) -> dict[str, Any]:
    own = [value for (slug, _), value in counts.items() if slug == app.slug]
    return {
        "app": app,
        "lines": sum(lines for lines, _ in own),
        "last": max((last for _, last in own), default=None),
    }


def _backlog() -> dict[str, Any]:
    from ingestion import queue

    shards = queue.shard_states(clock.now())
    ages = [shard.oldest_age_s for shard in shards if shard.oldest_age_s is not None]
    return {
        "entries": sum(shard.entries for shard in shards),
        "bytes": queue.backlog_bytes(),
        "oldest_s": max(ages, default=None),
    }


def _rejected(slugs: tuple[str, ...]) -> dict[str, Any]:
    from storage import facade

    midnight = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    groups = facade.reject_reasons(facade.RejectQuery(apps=slugs, start=midnight))
    return {"total": sum(group.lines for group in groups), "groups": groups[:_MOST_REASONS]}


def _warnings(slugs: tuple[str, ...]) -> list[Any]:
    """Apps whose quarantine is nearly full."""
    from ingestion.quarantine import fills

    return fills.warnings_for(slugs)


def _bounds() -> Any:
    from ingestion.quarantine import fills

    return fills.limits()


def _ledger(slugs: tuple[str, ...]) -> dict[str, Any]:
    """Open gaps of these apps with their sums, and how far the check has come."""
    from ingestion.ledger.gaps import KINDS, open_gaps
    from ingestion.models import LedgerCheck

    now = clock.now()
    gaps = list(open_gaps(slugs)[:_MOST_GAPS])
    until = LedgerCheck.current(now).until
    return {
        "gaps": gaps,
        "sums": {kind: sum(getattr(gap, kind) for gap in gaps) for kind in KINDS},
        "until": until,
        "is_behind": now - until > _BEHIND,
    }


def _expiring(slugs: tuple[str, ...]) -> list[Any]:
    from storage import facade

    return [row for row in facade.preview_retention(slugs) if row.lines]
