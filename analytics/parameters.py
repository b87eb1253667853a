"""The parameters all questions about logs share: `start`, `end`, `q` and the plain filters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import django_filters
from django import forms

from analytics.errors import InvalidTime
from logplatform.kernel import clock
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_RANGE = timedelta(hours=1)


class _Words(django_filters.Filter):
    """A filter that may be given several times; any of its values fits."""

    class _Field(forms.Field):
        widget = forms.MultipleHiddenInput

    field_class = _Field

    def filter(self, qs: LogSet, value: Sequence[str] | None) -> LogSet:
        """Restrict the set where values were given."""
        words = tuple(word for word in value or () if word)
        return qs.filter(**{str(self.field_name): words}) if words else qs


class LogFilter(django_filters.FilterSet):
    """`?q=&start=&end=&level=&service=&host=&source=&order=` over a LogSet."""

    q = django_filters.CharFilter(method="search", label="Query, for example level>=warn timeout")
    start = django_filters.CharFilter(method="ignore", label="ISO-8601 or now-15m; default now-1h")
    end = django_filters.CharFilter(method="ignore", label="ISO-8601 or now; default open")
    level = _Words(label="Level; repeat for several")
    service = _Words(label="Service; repeat for several")
    host = _Words(label="Host; repeat for several")
    source = _Words(label="Source; repeat for several")
    order = django_filters.ChoiceFilter(
        method="in_order", choices=[("asc", "Oldest first"), ("desc", "Newest first")]
    )

    def search(self, qs: LogSet, name: str, value: str) -> LogSet:
        """Restrict the set by the query language."""
        return qs.search(value)

    def ignore(self, qs: LogSet, name: str, value: str) -> LogSet:
        """The range is set as a whole by `filter_queryset`."""
        return qs

    def in_order(self, qs: LogSet, name: str, value: str) -> LogSet:
        """Oldest or newest first."""
        return qs.order_by("timestamp" if value == "asc" else "-timestamp")

    def filter_queryset(self, queryset: Any) -> Any:
        """Apply the range, then every filter; django-filter's own insists on an ORM set."""
        given = self.form.cleaned_data
        start = read_time("start", given["start"]) or clock.now() - DEFAULT_RANGE
        logs = queryset.between(start, read_time("end", given["end"]))
        for name, one in self.filters.items():
            logs = one.filter(logs, given[name])
        return logs


def read_time(name: str, value: str) -> datetime | None:
    """A time parameter; None where it is empty.

    Raises:
        InvalidTime: it is neither ISO-8601 nor relative to now.
    """
    if not value:
        return None
    moment = storage.read_moment(value)
    if moment is None:
        raise InvalidTime(name=name, value=value[:50])
    return moment
