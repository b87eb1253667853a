"""Parameters of questions about logs: those all share (`start`, `end`, `q` …), and their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import django_filters
from django import forms

from analytics.errors import InvalidTime
from logplatform.kernel import clock
from logplatform.parameters import InvalidParameter
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_RANGE = timedelta(hours=1)
Choice = TypeVar("Choice", bound=str)


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
    start = django_filters.CharFilter(
        method="ignore", label="ISO-8601 or now-15m; default: an hour ago"
    )
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
        start, end = (read_time(name, given[name]) for name in ("start", "end"))
        now = clock.now()
        logs = queryset.between(start or min(now, end or now) - DEFAULT_RANGE, end)
        for name, one in self.filters.items():
            logs = one.filter(logs, given[name])
        return logs


class UnorderedFilter(LogFilter):
    """The same where lines are counted, not listed."""

    order = None


class UnqueriedFilter(UnorderedFilter):
    """The same where `q` need not be readable."""

    q = None


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


def until_now(logs: LogSet) -> LogSet:
    """The set with an end: now, where there is none."""
    now = clock.now()
    return logs if logs.end else logs.between(None, max(now, logs.start or now))


def _whole(name: str, text: str, expected: str) -> int:
    """The number that a parameter has to be. Raises: InvalidParameter."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidParameter(name=name, value=text[:50], expected=expected)
    return int(text)


class Given:
    """The parameters a question has of its own, checked as they are read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """As it came; None where it did not."""
        return self._values.get(name)

    def number(self, name: str, default: int) -> int:
        """A whole number. Raises: InvalidParameter."""
        text = self.text(name)
        if text is None:
            return default
        return _whole(name, text, "a whole number")

    def interval(self) -> storage.Interval:
        """How wide buckets are: seconds, or `auto` unless it is said. Raises: InvalidParameter."""
        text = self.text("interval") or "auto"
        return "auto" if text == "auto" else _whole("interval", text, "auto or a number of seconds")

    def choice(self, name: str, choices: Sequence[Choice], default: Choice) -> Choice:
        """One of the choices. Raises: InvalidParameter."""
        text = self.text(name)
        if text is None:
            return default
        for choice in choices:
            if text == choice:
                return choice
        raise InvalidParameter(name=name, value=text[:50], expected=" or ".join(choices))

    def names(self, name: str) -> tuple[str, ...]:
        """The names in a list, once each."""
        return tuple(dict.fromkeys(filter(None, storage.split_names(self.text(name) or ""))))
