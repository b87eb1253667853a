"""Keeps the differences that were found: opened, followed, closed once they are gone."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from ingestion.ledger.models import LedgerGap
from storage.facade import Difference
from storage.models import App

logger = logging.getLogger(__name__)

KINDS = ("lost", "doubled", "unbooked")
_FIGURES = ("booked", "found", *KINDS, "receipts")
# Receipts are kept for 30 days; a gap without them cannot be looked into.
_KEPT = timedelta(days=31)


def keep_gaps(
    differences: Iterable[Difference], *, start: datetime, end: datetime, now: datetime
) -> None:
    """Make the gaps of a span what was found there; doing it twice changes nothing.

    Args:
        differences: all that `compare_ledger` found from `start` to `end`.
        start, end: whole minutes; open gaps between them that were not found again are closed.
    """
    ids = dict(App.objects.values_list("slug", "pk"))
    seen = [_keep(ids[found.app], found, now) for found in differences if found.app in ids]
    gone = LedgerGap.objects.filter(state=LedgerGap.State.OPEN, minute__gte=start, minute__lt=end)
    gone.exclude(pk__in=seen).update(state=LedgerGap.State.CLOSED, checked_at=now)


def _keep(app_id: int, found: Difference, now: datetime) -> int:
    """Open the gap or bring it up to date; an accepted one stays so while it is the same."""
    figures = {name: getattr(found, name) for name in _FIGURES}
    gap, is_new = LedgerGap.objects.get_or_create(
        app_id=app_id,
        source=found.source,
        minute=found.minute,
        defaults={**figures, "found_at": now, "checked_at": now},
    )
    if is_new:
        _complain(found)
        return gap.pk
    is_same = all(getattr(gap, name) == figures[name] for name in KINDS)
    if not (is_same and gap.state == LedgerGap.State.ACCEPTED):
        figures["state"] = LedgerGap.State.OPEN
    LedgerGap.objects.filter(pk=gap.pk).update(**figures, checked_at=now)
    return gap.pk


def _complain(found: Difference) -> None:
    about = {"app": found.app, "source": found.source, "minute": found.minute.isoformat()}
    counts = {kind: getattr(found, kind) for kind in KINDS}
    logger.error("The ledger and the store differ", extra=about | counts)


def open_gaps(apps: Sequence[str] | None = None) -> "QuerySet[LedgerGap]":
    """Gaps nobody has dealt with, newest first; of all apps, unless some are named."""
    gaps = LedgerGap.objects.filter(state=LedgerGap.State.OPEN).select_related("app")
    return gaps if apps is None else gaps.filter(app__slug__in=list(apps))


def open_minutes(since: datetime, limit: int) -> list[datetime]:
    """Minutes with open gaps after `since`, those looked at longest ago first."""
    gaps = LedgerGap.objects.filter(state=LedgerGap.State.OPEN, minute__gte=since)
    return list(dict.fromkeys(gaps.order_by("checked_at").values_list("minute", flat=True)))[:limit]


def forget_old_gaps(now: datetime) -> None:
    """Remove gaps whose receipts are no more."""
    LedgerGap.objects.filter(minute__lt=now - _KEPT).delete()


def accept_gaps(gaps: "QuerySet[LedgerGap]", now: datetime) -> int:
    """Take open gaps off the alarm; returns how many."""
    still_open = gaps.filter(state=LedgerGap.State.OPEN)
    return still_open.update(state=LedgerGap.State.ACCEPTED, checked_at=now)


def gap_lines() -> dict[tuple[str, str], Mapping[str, int]]:
    """(app, source) → lines of its open gaps by kind."""
    sums: Any = (
        LedgerGap.objects.filter(state=LedgerGap.State.OPEN)
        .order_by()
        .values_list("app__slug", "source")
        .annotate(*(Sum(kind) for kind in KINDS))
    )
    return {(app, source): dict(zip(KINDS, lines, strict=True)) for app, source, *lines in sums}
