"""`Log.objects`: the lazy, chainable way to stored lines.

    Log.objects.for_apps(apps).search("level:error").between(a, b)[:100]

Nothing is asked of the engine before the set is iterated, sliced by `page()` or counted. A set
without an app restriction cannot be evaluated.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from storage.contracts import (
        Histogram,
        LogQuery,
        LogStats,
        PatternPage,
        PatternSort,
        SearchPage,
    )
    from storage.export.formats import ExportFormat
    from storage.models import Log
    from storage.questions.aggregate import Aggregate, Interval
    from storage.questions.explain import Explanation
    from storage.questions.facets import Facets
    from storage.questions.fields import FieldList
    from storage.questions.requests import Figure, Part
    from storage.questions.suggest import Suggestions

FILTERS = ("level", "service", "host", "source")
PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSet:
    """A question about lines, refined step by step; immutable, evaluated when looked at.

    `skip` and `stop` are the bounds of a slice.
    """

    model: "type[Log]"
    apps: tuple[str, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    queries: tuple[str, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ascending: bool = False
    skip: int = 0
    stop: int | None = None

    def all(self) -> "LogSet":
        """Itself: it never changes."""
        return self

    def for_apps(self, apps: Iterable[str]) -> "LogSet":
        """Only lines of these apps; of an earlier restriction, what both allow."""
        wanted = tuple(apps)
        if self.apps is not None:
            wanted = tuple(app for app in wanted if app in self.apps)
        return replace(self, apps=wanted)

    def search(self, q: str) -> "LogSet":
        """Only lines the query finds, on top of earlier queries. Raises: QueryError."""
        from storage.query import parse_query

        parse_query(q)
        return replace(self, queries=(*self.queries, q)) if q.strip() else self

    def between(self, start: datetime | None, end: datetime | None) -> "LogSet":
        """Only lines from `start` on and before `end`; None leaves a side as it is."""
        return replace(self, start=start or self.start, end=end or self.end)

    def filter(self, **values: str | Iterable[str]) -> "LogSet":
        """Only lines with these values: `level=`, `service=`, `host=`, `source=`; one or several.

        A second filter of the same name replaces the first.
        """
        unknown = set(values) - set(FILTERS)
        if unknown:
            raise AssertionError(f"BUG: logs cannot be filtered by {', '.join(sorted(unknown))}")
        several = {
            name: (value,) if isinstance(value, str) else tuple(value)
            for name, value in values.items()
        }
        return replace(self, filters=tuple((dict(self.filters) | several).items()))

    def order_by(self, field: str) -> "LogSet":
        """By event time: `timestamp`, or `-timestamp` (newest first, the default)."""
        if field not in ("timestamp", "-timestamp"):
            raise AssertionError("BUG: logs are ordered by timestamp or -timestamp")
        return replace(self, ascending=field == "timestamp")

    def query(self) -> "LogQuery":
        """The question as the facade takes it."""
        from storage.contracts import LogQuery
        from storage.query.text import whole

        if self.apps is None:
            raise AssertionError("BUG: Log.objects needs .for_apps(…) with the caller's apps")
        several = len(self.queries) > 1
        return LogQuery(
            apps=self.apps,
            start=self.start,
            end=self.end,
            q=" ".join(f"({whole(q)})" if several else q for q in self.queries),
            order="asc" if self.ascending else "desc",
            **dict(self.filters),
        )

    def page(self, *, limit: int, cursor: str | None = None) -> "SearchPage":
        """One page of records as dicts; see `search_logs`."""
        from storage.search import search_logs

        return search_logs(self.query(), limit=limit, cursor=cursor)

    def count(self) -> int:
        """How many lines, without the bounds of a slice."""
        from storage.counts import count_logs

        return count_logs(self.query())

    def histogram(self, *, interval_s: int | None = None, by: str = "level") -> "Histogram":
        """Counts over time; see `histogram_logs`."""
        from storage.counts import histogram_logs

        return histogram_logs(self.query(), interval_s=interval_s, by=by)

    def stats(self, *, services: int = 100) -> "LogStats":
        """Totals by level and service; see `stats_logs`."""
        from storage.counts import stats_logs

        return stats_logs(self.query(), services=services)

    def patterns(self, *, limit: int, sort: "PatternSort" = "count") -> "PatternPage":
        """Message templates with counts; see `list_patterns`."""
        from storage.patterns import list_patterns

        return list_patterns(self.query(), limit=limit, sort=sort)

    def export(self, *, fmt: "ExportFormat", fields: Sequence[str] = ()) -> Generator[bytes]:
        """Every line as the bytes of a file; see `export_logs`."""
        from storage.export.run import export_logs

        return export_logs(self.query(), fmt=fmt, fields=fields)

    def facets(self, fields: Sequence[str], *, limit: int = 10) -> "Facets":
        """The most frequent values of fields; see `facet_logs`."""
        from storage.questions.facets import facet_logs

        return facet_logs(self.query(), fields, limit=limit)

    def fields(self, *, limit: int = 200) -> "FieldList":
        """Which fields there are; see `list_fields`."""
        from storage.questions.fields import list_fields

        return list_fields(self.query(), limit=limit)

    def aggregate(
        self,
        *,
        group_by: Sequence[str] = (),
        metrics: Sequence[str] = ("count",),
        interval: "Interval" = None,
        limit: int = 20,
        order: str = "",
    ) -> "Aggregate":
        """Figures of groups, in total or over time; see `aggregate_logs`."""
        from storage.questions.aggregate import aggregate_logs

        return aggregate_logs(
            self.query(),
            group_by=group_by,
            metrics=metrics,
            interval=interval,
            limit=limit,
            order=order,
        )

    def requests(
        self,
        *,
        by: "Sequence[Part]" = (),
        figures: "Sequence[Figure]",
        needs: "Part",
        interval: "Interval" = None,
        limit: int = 20,
    ) -> "Aggregate":
        """Figures of requests in access logs; see `group_requests`."""
        from storage.questions.requests import group_requests

        return group_requests(
            self.query(), by=by, figures=figures, needs=needs, interval=interval, limit=limit
        )

    def suggest(self, text: str, cursor: int, *, limit: int = 20) -> "Suggestions":
        """What could be typed next in a query of these lines; see `storage.questions.suggest`."""
        from storage.questions.suggest import suggest

        return suggest(self.query(), text, cursor, limit=limit)

    def explain(self) -> "Explanation":
        """Why nothing is found; see `explain_logs`."""
        from storage.questions.explain import explain_logs

        return explain_logs(self.query())

    def exists(self) -> bool:
        """Whether there is any line."""
        return bool(self.page(limit=1).records)

    def first(self) -> "Log | None":
        """The first line in the order of the set."""
        return next(iter(self), None)

    def __getitem__(self, bounds: slice) -> "LogSet":
        """A slice `[a:b]` with b given or not; still lazy."""
        if not isinstance(bounds, slice):
            raise AssertionError("BUG: logs are sliced, [a:b]; .first() gives a single one")
        start, stop = bounds.start or 0, bounds.stop
        if bounds.step or start < 0 or (stop is not None and stop < 0):
            raise AssertionError("BUG: logs are sliced from a to b, both from 0")
        end = None if stop is None else self.skip + stop
        ends = [bound for bound in (self.stop, end) if bound is not None]
        return replace(self, skip=self.skip + start, stop=min(ends, default=None))

    def __iter__(self) -> Iterator["Log"]:
        """The lines as (unsaved) model instances, read page by page."""
        for number, record in enumerate(self._records()):
            if number >= self.skip:
                yield self._instance(record)

    def _records(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        left = self.stop
        while left is None or left > 0:
            page = self.page(limit=PAGE if left is None else min(left, PAGE), cursor=cursor)
            yield from page.records
            left = None if left is None else left - len(page.records)
            cursor = page.next
            if cursor is None:
                return

    def _instance(self, record: dict[str, Any]) -> "Log":
        # A model's time has microseconds; the record in `page()` has all digits.
        times = {
            name: datetime.fromisoformat(record[name]) for name in ("timestamp", "received_at")
        }
        return self.model(**{**record, **times})


class LogManager(models.Manager["Log"]):
    """Entry point of `Log.objects`: every method starts a `LogSet`."""

    use_in_migrations = False

    def all(self) -> LogSet:  # type: ignore[override]  # no QuerySet
        """All lines; evaluate after `.for_apps()`."""
        return LogSet(model=self.model)

    def get_queryset(self) -> LogSet:  # type: ignore[override]  # no QuerySet
        """The set that Django's own machinery asks for."""
        return self.all()

    def for_apps(self, apps: Iterable[str]) -> LogSet:
        """See `LogSet.for_apps`."""
        return self.all().for_apps(apps)

    def search(self, q: str) -> LogSet:
        """See `LogSet.search`."""
        return self.all().search(q)

    def between(self, start: datetime | None, end: datetime | None) -> LogSet:
        """See `LogSet.between`."""
        return self.all().between(start, end)

    def filter(self, **values: str | Iterable[str]) -> LogSet:  # type: ignore[override]  # no QuerySet
        """See `LogSet.filter`."""
        return self.all().filter(**values)
