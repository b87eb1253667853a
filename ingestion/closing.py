"""Deleting an app, and what it leaves behind: of a deleted app nothing stays and nothing is found.

An app that people deleted is told from one that only an older copy of the database does not know:
what is left of the first is removed, lines of the other are kept until it is made again.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ingestion import queue
from ingestion.authentication import REMEMBERED_S, forget_cached_keys
from ingestion.models import ClosedApp, DirectWrite
from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError
from storage.models import App

logger = logging.getLogger(__name__)

# Until then a web process that cannot ask the database may let a key of the app in.
LAST_BODY = timedelta(seconds=1.5 * REMEMBERED_S)


def close_app(app: App) -> None:
    """Delete an app: sources and keys at once, its lines by the log engine.

    What cannot be removed now, and what still comes out of the queue, is for `remove_closed`.
    """
    from storage import facade  # late: starting the web process must not load the engine's client

    slug = app.slug
    with transaction.atomic():
        ClosedApp.objects.update_or_create(slug=slug, defaults={"closed_at": clock.now()})
        app.delete()
    forget_cached_keys()
    try:
        facade.delete_app_logs(slug)
    except Exception:
        logger.exception("Lines of a deleted app are removed later", extra={"app": slug})


def remove_closed() -> int:
    """Remove what closed apps left; forget those of which nothing can come any more.

    A body that waited in the queue comes out of it into quarantine, as nobody knows its source.

    Returns:
        How many apps were forgotten.
    Raises:
        StoreUnavailable, redis.RedisError: the next call goes on.
    """
    from storage import facade

    ClosedApp.objects.filter(slug__in=App.objects.values("slug")).delete()
    forgotten = 0
    for closed in ClosedApp.objects.all():
        last = closed.closed_at + LAST_BODY
        if _came_after(closed.slug, last):
            logger.warning(
                "A deleted app was made again and keeps its lines", extra={"app": closed.slug}
            )
            closed.delete()
            continue
        # In this order: what leaves the queue meanwhile is seen in the store.
        is_over = _is_over(last)
        refused = facade.count_rejects(facade.RejectQuery(apps=(closed.slug,)))
        if facade.delete_app_logs(closed.slug):
            logger.info(
                "What a deleted app left is removed",
                extra={"app": closed.slug, "lines_from_queue": refused},
            )
        elif is_over:
            queue.forget_app(closed.slug)
            closed.delete()
            forgotten += 1
    return forgotten


def _came_after(slug: str, last: datetime) -> bool:
    """Whether bodies came later than any of the deleted app could.

    Then an older copy of the database knows of its end and not of the app made later.
    """
    from storage import facade

    newer = facade.ReceiptQuery(apps=(slug,), start=last)
    return bool(facade.list_receipts(newer, limit=1).receipts)


def _is_over(last: datetime) -> bool:
    """Whether everything that was sent until then has left the queue."""
    now = clock.now()
    oldest_s = [state.oldest_age_s for state in queue.shard_states(now)]
    arrived = [now - timedelta(seconds=age_s) for age_s in oldest_s if age_s is not None]
    is_written = not DirectWrite.objects.filter(created_at__lte=last).exists()
    return is_written and all(moment > last for moment in [now, *arrived])


def check_slug_unused(slug: str, person: Any) -> str:
    """The slug, unless lines of another app carry it: their new reader may be another team.

    An owner of the installation may take one that nobody deleted, as an older copy of the database
    does not know its app. While the engine is away nobody knows of lines, and the slug passes.

    Raises:
        ValidationError: it is not free.
    """
    from storage import facade

    if App.objects.filter(slug=slug).exists():
        return slug  # told by the model
    if ClosedApp.objects.filter(slug=slug).exists():
        raise ValidationError(
            {
                "slug": "An app with this slug was deleted, and what is left of it is still being "
                "removed. Choose another one, or try again in half an hour."
            }
        )
    try:
        is_free = person.is_superuser or not facade.holds_app(slug)
    except PlatformError:
        logger.warning("Whether a slug has old lines is unknown", extra={"app": slug})
        return slug
    if not is_free:
        raise ValidationError(
            {
                "slug": "Lines of an app that does not exist here still carry this slug. Choose "
                "another one, or have a superuser open it."
            }
        )
    return slug
