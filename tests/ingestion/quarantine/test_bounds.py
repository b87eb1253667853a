"""Quarantine is bounded by bytes and age: first a warning, then the oldest lines go, counted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import Client

from ingestion import metrics
from ingestion.quarantine.bounds import enforce_bounds
from ingestion.quarantine.fills import fills, warnings_for
from logplatform.kernel import clock
from storage import facade as storage
from storage.facade import RejectQuery
from tests.factories import make_roles
from tests.storage.rejects import AT, reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "clickhouse")]

SHOP = RejectQuery(apps=("shop",))


@pytest.fixture(autouse=True)
def _limits(settings) -> None:
    settings.ENV = replace(settings.ENV, quarantine_max_bytes=1_000, quarantine_max_days=10)


def put(count: int, *, app: str = "shop", days: float = 0.0, size: int = 100) -> None:
    moment = AT - timedelta(days=days)
    reject(*({"raw": b"x" * size, "received_at": moment, "app": app} for _ in range(count)))


def run_at(moment: datetime = AT) -> int:
    with clock.frozen(moment):
        return enforce_bounds()


def left() -> int:
    return storage.count_rejects(SHOP)


def booked(bound: str) -> float:
    with clock.frozen(AT):
        text = metrics.exposition(with_names=True).decode()
    line = f'logplatform_quarantine_dropped_total{{app="shop",bound="{bound}"}} '
    return float(next((row[len(line) :] for row in text.splitlines() if row.startswith(line)), 0))


def test_below_four_fifths_nobody_is_warned() -> None:
    put(7)
    assert run_at() == 0
    assert warnings_for(["shop"]) == []
    assert fills()[0].bytes_share == 0.7


def test_near_the_bytes_people_are_warned_and_nothing_goes() -> None:
    put(8)
    assert run_at() == 0
    (warning,) = warnings_for(["shop"])
    assert (warning.percent, warning.is_by_age, left()) == (80, False, 8)
    assert warnings_for(["bank"]) == []


def test_beyond_the_bytes_the_oldest_go_once_the_warning_is_an_hour_old() -> None:
    put(5, days=2)
    put(8, days=1)
    assert run_at() == 0
    assert run_at(AT + timedelta(minutes=59)) == 0
    assert run_at(AT + timedelta(minutes=61)) == 5
    assert (left(), booked("bytes"), booked("age")) == (8, 5, 0)


def test_twice_the_bytes_are_cut_at_once_so_that_the_disk_does_not_fill() -> None:
    put(15, days=1)
    put(6)
    assert run_at() == 15
    assert left() == 6


def test_age_is_warned_about_for_days_and_then_counted() -> None:
    put(2, days=9)
    put(1)
    assert run_at() == 0
    assert warnings_for(["shop"])[0].is_by_age
    assert run_at(AT + timedelta(days=1, minutes=1)) == 2
    assert (left(), booked("age")) == (1, 2)


def test_lines_far_beyond_the_age_are_warned_about_as_well() -> None:
    """As after an upgrade, or when the days were lowered."""
    put(1, days=300)
    assert run_at() == 0
    assert run_at(AT + timedelta(hours=1)) == 1


def test_apps_are_bounded_one_by_one_and_forgotten_when_empty() -> None:
    put(9)
    put(9, app="bank")
    assert run_at() == 0
    assert [fill.app for fill in fills()] == ["bank", "shop"]
    storage.delete_rejects(RejectQuery(apps=("bank", "shop")))
    run_at()
    assert fills() == []


def test_metrics_name_no_app_without_the_token() -> None:
    put(9)
    run_at()
    with clock.frozen(AT):
        plain = metrics.exposition(with_names=False).decode()
        named = metrics.exposition(with_names=True).decode()
    assert 'logplatform_quarantine_fill_ratio{bound="bytes"} 0.9' in plain
    assert "shop" not in plain
    assert 'logplatform_quarantine_bytes{app="shop"} 900.0' in named


def test_the_admin_tells_the_people_of_the_app_only() -> None:
    roles = make_roles()
    put(9, app="alpha")
    run_at()
    for user, sees in ((roles.member, True), (roles.outsider, False)):
        client = Client()
        client.force_login(user)
        for page in ("/admin/", "/admin/ingestion/source/not-stored/"):
            text = client.get(page).content.decode()
            assert ("will be dropped soon" in text) is sees, (user, page)


def test_the_admin_says_from_when_on_lines_are_dropped() -> None:
    roles = make_roles()
    put(15, app="alpha")
    run_at()
    client = Client()
    client.force_login(roles.member)
    for at, words in (
        (AT, f"will be dropped from {AT + timedelta(hours=1):%H:%M} UTC on"),
        (AT + timedelta(hours=2), "are being dropped"),
    ):
        with clock.frozen(at):
            assert words in client.get("/admin/ingestion/source/not-stored/").content.decode()


def test_a_queue_that_is_away_costs_only_the_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr("ingestion.queue.counts.client", away)
    assert warnings_for(["shop"]) == []
