"""Figures for people who manage apps: what arrived today, and why lines were refused."""

from collections.abc import Callable
from datetime import timedelta

from logplatform.kernel import clock
from storage import facade
from tests.storage.records import AT

Store = Callable[..., list[str]]


def test_today_counts_what_arrived_since_midnight_whatever_its_event_time(store: Store) -> None:
    yesterday, old = AT - timedelta(days=1), AT - timedelta(days=4000)
    last = AT + timedelta(minutes=5)
    store({"message": "now"}, {"message": "imported", "timestamp": old, "received_at": last})
    store({"message": "before", "timestamp": yesterday, "received_at": yesterday})
    store({"message": "other source", "source": "db"})
    with clock.frozen(AT):
        assert facade.lines_today(["shop"]) == {("shop", "web"): (2, last), ("shop", "db"): (1, AT)}


def test_today_tells_nothing_of_other_apps(store: Store) -> None:
    store({"message": "secret", "app": "other"})
    with clock.frozen(AT):
        assert facade.lines_today(["shop"]) == {}
        assert facade.lines_today([]) == {}
