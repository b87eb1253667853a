"""Removing what is past its term: whole days at once where nothing on them stays.

The age of a line counts from the later of its event time and its arrival; the table is
partitioned by the day of that moment, so a day is a partition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from logplatform.kernel import clock
from storage.clickhouse import client
from storage.clickhouse.ddl import cluster_clause, stored_name
from storage.query.instants import epoch_ns
from storage.rollups.marks import mark
from storage.rollups.upkeep import drop_day, recount_marked
from storage.where import KEPT_FROM, instant

if TYPE_CHECKING:
    from storage.models import App

# Lines of an app that is no more go after this many days. Not at once: an installation whose
# control plane was restored from an older copy must not lose the lines of newer apps.
ORPHAN_DAYS = 7
# Longer than receipts are kept.
_REMEMBERED = timedelta(days=32)
_PATIENCE: dict[str, Any] = {
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
    "max_execution_time": 0,
}

Terms = Mapping[str, int | None]
Cutoffs = dict[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringApp:
    """What the next clean-up takes of an app: lines kept from a moment before `before`."""

    app: str
    days: int
    before: datetime
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a clean-up took."""

    lines_by_app: dict[str, int] = field(default_factory=dict)
    partitions: int = 0

    @property
    def lines(self) -> int:
        """All lines together."""
        return sum(self.lines_by_app.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A partition: lines by app, all of them and those past their term."""

    partition: str
    lines: dict[str, int]
    expired: dict[str, int]

    @property
    def is_over(self) -> bool:
        """Nothing on it stays."""
        return self.lines == self.expired


def terms_of_apps(slugs: Iterable[str] | None = None) -> dict[str, int | None]:
    """Days by app from the policies; None: for ever. All apps, unless some are named."""
    from storage.models import App

    apps = App.objects.select_related("retention")
    if slugs is not None:
        apps = apps.filter(slug__in=list(slugs))
    return {app.slug: _days(app) for app in apps}


def _days(app: "App") -> int | None:
    policy = getattr(app, "retention", None)
    return policy.days if policy else None


def preview_retention(slugs: Iterable[str]) -> list[ExpiringApp]:
    """What a clean-up would take now of these apps; those that keep all for ever are left out."""
    now = clock.now()
    terms = terms_of_apps(slugs)
    counts = expired_counts(terms, now)
    return [
        ExpiringApp(app=app, days=days, before=now - timedelta(days=days), lines=counts[app])
        for app, days in terms.items()
        if days is not None
    ]


def expired_counts(terms: Terms, now: datetime) -> dict[str, int]:
    """Lines past their term, by app of `terms`; 0 where there are none. Changes nothing.

    Args:
        terms: days by app; None keeps all, and so does not being named.
        now: aware.
    """
    counts = dict.fromkeys(terms, 0)
    for day in _days_with_expired(cutoffs_of(terms, now)):
        for app, lines in day.expired.items():
            counts[app] += lines
    return counts


def drop_expired(terms: Terms, now: datetime) -> Removed:
    """Remove lines past their term. Doing it again removes nothing more.

    Args:
        terms: days by app; None keeps all, and so does not being named.
        now: aware.
    Returns:
        Lines by app, and days dropped whole.
    Raises:
        StoreUnavailable, StoreError: what was removed so far stays removed.
    """
    lines: dict[str, int] = {}
    partitions = 0
    cutoffs = cutoffs_of(terms, now)
    for day in _days_with_expired(cutoffs):
        if day.is_over:
            drop_day(day.partition)
            _alter(f"DROP PARTITION ID '{day.partition}'")
            partitions += 1
        else:
            _delete(day, cutoffs)
        for app, count in day.expired.items():
            lines[app] = lines.get(app, 0) + count
    _free_space(cutoffs)
    recount_marked(now)
    taken = {app: count for app, count in sorted(lines.items()) if count}
    return Removed(lines_by_app=taken, partitions=partitions)


def complete_since(now: datetime) -> dict[str, datetime]:
    """App → since when all its lines are there: its opening, its term, what clean-ups took."""
    from storage.models import App, RetentionRun

    since = dict(App.objects.values_list("slug", "created_at"))
    removals = list(cutoffs_of(terms_of_apps(since), now).items())
    recent = RetentionRun.objects.filter(started_at__gt=now - _REMEMBERED)
    for cutoffs in recent.values_list("cutoffs", flat=True):
        removals += [(app, datetime.fromisoformat(before)) for app, before in cutoffs.items()]
    for app, before in removals:
        if app in since:
            since[app] = max(since[app], before)
    return since


def stray_apps() -> dict[str, int]:
    """Lines by app, of apps that do not exist here: older copies of the database know them not."""
    from storage.models import App

    known = list(App.objects.values_list("slug", flat=True))
    rows = client.fetch(
        "SELECT app, count() AS lines FROM logs WHERE app NOT IN {known:Array(String)}"
        " GROUP BY app ORDER BY app",
        {"known": known},
    )
    return {row["app"]: row["lines"] for row in rows}


def stored_apps() -> list[str]:
    """Slugs of all apps that have lines."""
    return [row["app"] for row in client.fetch("SELECT DISTINCT app FROM logs")]


def _days_with_expired(cutoffs: Cutoffs) -> list[_Day]:
    """Partitions that hold lines past their term, oldest first."""
    if not cutoffs:
        return []
    params: dict[str, object] = {"newest": max(cutoffs.values()).astimezone(UTC).date()}
    tests = [_test(number, app, cutoffs[app], params) for number, app in enumerate(sorted(cutoffs))]
    rows = client.fetch(
        f"SELECT _partition_id AS partition, app, count() AS lines, "
        f"countIf({' OR '.join(tests)}) AS expired FROM logs "
        f"WHERE toDate({KEPT_FROM}) <= {{newest:Date}} GROUP BY partition, app ORDER BY partition",
        params,
        max_execution_time=600,
    )
    days: dict[str, _Day] = {}
    for row in rows:
        day = days.setdefault(
            row["partition"], _Day(partition=row["partition"], lines={}, expired={})
        )
        day.lines[row["app"]] = row["lines"]
        if row["expired"]:
            day.expired[row["app"]] = row["expired"]
    return [day for day in days.values() if day.expired]


def cutoffs_of(terms: Terms, now: datetime) -> Cutoffs:
    """App → before when its lines are past their term."""
    return {app: now - timedelta(days=days) for app, days in terms.items() if days is not None}


def _test(number: int, app: str, cutoff: datetime, params: dict[str, object]) -> str:
    """SQL for "a line of this app that is past its term"; its values go to `params`."""
    point = instant(f"before{number}", epoch_ns(cutoff))
    params |= {f"app{number}": app, **point.params}
    return f"(app = {{app{number}:String}} AND {KEPT_FROM} < {point.text})"


def _delete(day: _Day, cutoffs: Cutoffs) -> None:
    """Remove the expired lines of a day on which others stay."""
    mark((app, _day_of(day.partition).isoformat()) for app in day.expired)
    params: dict[str, object] = {}
    tests = [_test(n, app, cutoffs[app], params) for n, app in enumerate(sorted(day.expired))]
    client.run(
        f"DELETE FROM {stored_name('logs')}{cluster_clause()} "
        f"IN PARTITION ID '{day.partition}' WHERE {' OR '.join(tests)}",
        params,
        **_PATIENCE,
    )


def _free_space(cutoffs: Cutoffs) -> None:
    """Rewrite days whose removed lines are only masked, once no more of them will expire soon."""
    near = {cutoff.astimezone(UTC).date() for cutoff in cutoffs.values()}
    rows = client.fetch(
        "SELECT DISTINCT partition_id FROM system.parts WHERE active AND has_lightweight_delete "
        "AND database = currentDatabase() AND table = {table:String}",
        {"table": stored_name("logs")},
    )
    for partition in sorted(row["partition_id"] for row in rows):
        if _day_of(partition) not in near:
            _alter(f"APPLY DELETED MASK IN PARTITION ID '{partition}'")


def _day_of(partition: str) -> date:
    return datetime.strptime(partition, "%Y%m%d").replace(tzinfo=UTC).date()


def _alter(action: str) -> None:
    client.run(f"ALTER TABLE {stored_name('logs')}{cluster_clause()} {action}", **_PATIENCE)
