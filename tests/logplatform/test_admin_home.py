"""The admin's front page: health and figures, each person's own, whatever is down."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from ingestion import pulse
from logplatform import admin_home
from logplatform.admin_figures import ago, rounded
from logplatform.kernel import clock
from storage.models import RetentionPolicy
from tests.factories import Roles, make_user
from tests.outages import engine_away, queue_away
from tests.storage.records import AT, make_frame
from tests.storage.rejects import reject

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Iterator[datetime]:
    with clock.frozen(AT):
        yield AT


def home(user: Any) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_it_shows_health_lines_rejects_and_what_goes_next(roles: Roles, at: datetime) -> None:
    from storage import facade

    old = at - timedelta(days=40)
    mine = {"app": "alpha", "source": "alpha-web"}
    expired = mine | {"timestamp": old, "received_at": old}
    facade.write_logs(make_frame([mine] * 1500 + [expired] * 3), token="t")
    reject(mine, mine)
    pulse.note()
    page = home(roles.member)
    assert "Everything works" in page
    assert "1.5 k" in page
    assert "Not json" in page
    assert 'title="3">3<' in page
    assert "all that was sent is stored" in page
    assert "2026-11-23 03:17" in page


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_it_tells_nothing_of_other_apps(roles: Roles, at: datetime) -> None:
    from storage import facade

    other = {"app": "alpha", "source": "alpha-web"}
    facade.write_logs(make_frame([other] * 7), token="t")
    reject(other)
    page = home(roles.outsider)
    assert "lpha" not in page
    assert "Every line that came could be stored" in page


@pytest.mark.parametrize("gone", ["engine", "queue", "both"])
@pytest.mark.usefixtures("clickhouse", "valkey")
def test_it_survives_services_that_are_away(roles: Roles, gone: str) -> None:
    with ExitStack() as outages:
        if gone in ("engine", "both"):
            outages.enter_context(engine_away())
        if gone in ("queue", "both"):
            outages.enter_context(queue_away())
        page = home(roles.owner)
    assert "Something is down" in page
    assert ("Unavailable: the log engine" in page) == (gone != "queue")
    assert ("Unavailable: the queue" in page) == (gone != "engine")


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_it_says_when_workers_do_nothing(roles: Roles, at: datetime) -> None:
    assert "Workers: have done nothing yet" in home(roles.owner)
    pulse.note()
    assert "Workers: work" in home(roles.owner)
    with clock.frozen(at + timedelta(minutes=7)):
        page = home(roles.owner)
    assert "Workers: silent for 7 minutes" in page
    assert "Something is down" in page


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_it_leads_to_the_pages_of_each_app(roles: Roles) -> None:
    page = home(roles.member)
    for link in ("/?app=alpha&amp;range=24h", "/dashboards?app=alpha", "/sources?app=alpha"):
        assert f'href="{link}"' in page


def test_it_says_when_nothing_is_deleted_by_itself(roles: Roles) -> None:
    PeriodicTask.objects.filter(task=admin_home.RETENTION_TASK).update(enabled=False)
    assert admin_home.next_run() is None
    assert "switched off" in home(roles.owner)


def test_the_next_run_counts_from_now_by_the_schedule() -> None:
    with clock.frozen(AT):
        run = admin_home.next_run()
    assert run is not None
    assert AT < run <= AT + timedelta(days=1)


@pytest.mark.usefixtures("clickhouse", "valkey")
def test_who_sees_no_app_is_told_whom_to_ask() -> None:
    RetentionPolicy.objects.all().delete()
    newcomer = make_user("newcomer", is_staff=True)
    assert "Ask an administrator" in home(newcomer)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (12_400, "12.4 k"), (3_100_000_000, "3.1 G")],
)
def test_numbers_are_rounded_for_reading(number: int, words: str) -> None:
    assert rounded(number) == words


def test_times_are_told_from_now_and_exact_on_hover() -> None:
    with clock.frozen(AT):
        assert ago(AT) == '<time title="2026-11-22 10:00:00 UTC">just now</time>'
        assert "3\xa0hours ago" in ago(AT - timedelta(hours=3, minutes=20))
        assert ago(None, never="never") == "never"
