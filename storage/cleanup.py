"""One clean-up from start to end, recorded as a RetentionRun."""

import logging
from datetime import timedelta

from django.db import transaction

from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError
from storage.models import RetentionRun
from storage.retention import ORPHAN_DAYS, cutoffs_of, drop_expired, stored_apps, terms_of_apps

logger = logging.getLogger(__name__)

ABANDONED = timedelta(hours=6)


def current_terms() -> dict[str, int | None]:
    """Days by app: the policies, and a last term for lines whose app is no more."""
    known = terms_of_apps()
    gone = [slug for slug in stored_apps() if slug not in known] if known else []
    return known | dict.fromkeys(gone, ORPHAN_DAYS)


def clean_up() -> RetentionRun | None:
    """Remove what is past its term, and record it.

    Returns:
        The run; None when another one is at work.
    Raises:
        StoreUnavailable, StoreError: the run is recorded as failed.
    """
    run = _begin()
    if run is None:
        return None
    terms, now = current_terms(), clock.now()
    run.cutoffs = {app: before.isoformat() for app, before in cutoffs_of(terms, now).items()}
    run.save(update_fields=["cutoffs"])
    try:
        removed = drop_expired(terms, now)
    except PlatformError as error:
        _finish(run, state=RetentionRun.State.FAILED, error=error.text)
        raise
    run.lines, run.partitions = removed.lines, removed.partitions
    run.per_app = removed.lines_by_app
    _finish(run, state=RetentionRun.State.DONE)
    return run


def _begin() -> RetentionRun | None:
    with transaction.atomic():
        running = RetentionRun.objects.select_for_update().filter(state=RetentionRun.State.RUNNING)
        if running.filter(started_at__gt=clock.now() - ABANDONED).exists():
            return None
        running.update(state=RetentionRun.State.FAILED, error="The process ended before the run.")
        return RetentionRun.objects.create()


def _finish(run: RetentionRun, *, state: str, error: str = "") -> None:
    run.state, run.error = state, error
    run.duration_s = (clock.now() - run.started_at).total_seconds()
    run.save()
    logger.info(
        "Retention ran", extra={"state": state, "lines": run.lines, "partitions": run.partitions}
    )
