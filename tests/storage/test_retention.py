"""Retention: exactly what is past its term goes, whole days at once where nothing stays."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command

from logplatform.kernel import clock
from storage import facade, retention
from storage.clickhouse import client
from storage.models import App, RetentionPolicy, RetentionRun
from storage.retention import drop_expired, expired_counts
from storage.tasks import run_retention
from tests.storage.records import AT

Store = Callable[..., list[str]]
DAY = timedelta(days=1)
NOW = AT + 100 * DAY


def left(*apps: str) -> list[str]:
    query = facade.LogQuery(apps=apps or ("shop",))
    return [record["message"] for record in facade.search_logs(query, limit=100).records]


def aged(days: float, app: str = "shop", **fields: object) -> dict[str, object]:
    """A line that happened and arrived so many days before now."""
    moment = NOW - timedelta(days=days)
    row = {"timestamp": moment, "received_at": moment, "app": app, "message": f"{app} {days}"}
    return row | fields


def test_lines_past_their_term_go_and_others_stay(store: Store) -> None:
    store(*(aged(days) for days in (0, 6.9, 7.1, 8, 50)), aged(50, "zoo"), aged(400, "keep"))
    terms = {"shop": 7, "zoo": 60, "keep": None, "empty": 1}
    assert expired_counts(terms, NOW) == {"shop": 3, "zoo": 0, "keep": 0, "empty": 0}
    removed = drop_expired(terms, NOW)
    assert removed.lines_by_app == {"shop": 3}
    assert left("shop", "zoo", "keep") == ["shop 0", "shop 6.9", "zoo 50", "keep 400"]
    assert drop_expired(terms, NOW).lines == 0


def test_a_day_on_which_nothing_stays_is_dropped_whole(store: Store) -> None:
    for days in (10, 11, 12):
        store(aged(days), aged(days, "zoo"))
    removed = drop_expired({"shop": 7, "zoo": 10}, NOW)
    assert (removed.partitions, removed.lines_by_app) == (2, {"shop": 3, "zoo": 2})
    assert left("shop", "zoo") == ["zoo 10"]


def test_a_clean_up_that_dies_between_two_days_is_finished_by_the_next(
    store: Store, monkeypatch
) -> None:
    store(*(aged(days) for days in (6, 10, 11, 12)), *(aged(days, "zoo") for days in (11, 50)))
    alter, done = retention._alter, []

    def die_at_the_second(action: str) -> None:
        done.append(action)
        if len(done) == 2:
            raise SystemExit
        alter(action)

    terms = {"shop": 7, "zoo": None}
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_alter", die_at_the_second)
        with pytest.raises(SystemExit):
            drop_expired(terms, NOW)
    assert left("shop") == ["shop 6", "shop 10"]
    drop_expired(terms, NOW)
    assert left("shop", "zoo") == ["shop 6", "zoo 11", "zoo 50"]
    counted = [facade.count_logs(facade.LogQuery(apps=(app,))) for app in ("shop", "zoo")]
    assert counted == [1, 2]
    assert drop_expired(terms, NOW).lines == 0


def test_an_app_without_a_policy_keeps_everything(store: Store) -> None:
    store(aged(5000, "unknown"), aged(5000))
    assert drop_expired({"shop": 1}, NOW).partitions == 0
    assert left("unknown") == ["unknown 5000"]
    assert drop_expired({}, NOW).lines == 0


def test_an_imported_log_of_2015_stays_its_full_term(store: Store) -> None:
    store(aged(4000, received_at=NOW - 6 * DAY))
    assert drop_expired({"shop": 7}, NOW).lines == 0
    assert drop_expired({"shop": 7}, NOW + 2 * DAY).lines == 1


def test_a_line_from_the_future_stays_until_its_time_has_passed(store: Store) -> None:
    store(aged(10, timestamp=NOW + DAY))
    assert drop_expired({"shop": 7}, NOW).lines == 0
    assert drop_expired({"shop": 7}, NOW + 9 * DAY).lines == 1


def test_words_of_removed_lines_are_not_counted(store: Store) -> None:
    store(aged(8, message="word"), aged(8, "zoo", message="word"))
    drop_expired({"shop": 7}, NOW)
    counted = [facade.count_logs(facade.LogQuery(apps=("shop", "zoo"), q=q)) for q in ("word", "")]
    assert counted == [1, 1]


def test_removed_lines_leave_the_disk_once_their_day_is_past(store: Store) -> None:
    store(aged(7.1), aged(6.9), aged(7, "zoo"))
    masked = "SELECT sum(has_lightweight_delete) AS n FROM system.parts WHERE active"
    drop_expired({"shop": 7}, NOW)
    drop_expired({"shop": 7}, NOW + 2 * DAY)
    assert left("shop", "zoo") == ["zoo 7"]
    assert client.fetch(f"{masked} AND table = 'logs'") == [{"n": 0}]


@pytest.mark.django_db
class TestRuns:
    """The recorded run, the task and the command."""

    @pytest.fixture(autouse=True)
    def _apps(self, store: Store) -> None:
        store(aged(0.5), aged(8), aged(8, "gone"), aged(5, "gone"), aged(500, "keep"))
        for slug, days in (("shop", 1), ("keep", None)):
            app = App.objects.create(name=slug, slug=slug)
            RetentionPolicy.objects.create(app=app, days=days)
        App.objects.create(name="bare", slug="bare")

    def test_a_run_is_recorded(self) -> None:
        with clock.frozen(NOW):
            assert run_retention() == 2
        run = RetentionRun.objects.get()
        assert (run.state, run.lines, run.per_app) == ("done", 2, {"gone": 1, "shop": 1})
        assert run.duration_s is not None
        assert left("shop", "gone", "keep") == ["shop 0.5", "gone 5", "keep 500"]

    def test_a_dry_run_tells_per_app_and_removes_nothing(self) -> None:
        output = io.StringIO()
        with clock.frozen(NOW):
            call_command("retention", "--dry-run", stdout=output)
        assert output.getvalue().splitlines() == [
            "bare: 0 lines would go (kept for ever)",
            "gone: 1 lines would go (kept 7 days)",
            "keep: 0 lines would go (kept for ever)",
            "shop: 1 lines would go (kept 1 days)",
            "2 lines would go; nothing was removed.",
        ]
        assert len(left("shop", "gone", "keep")) == 5
        assert not RetentionRun.objects.exists()

    def test_the_command_tells_what_it_removed(self) -> None:
        output = io.StringIO()
        with clock.frozen(NOW):
            call_command("retention", stdout=output)
        assert "shop: 1 lines removed" in output.getvalue()

    def test_a_second_run_at_the_same_time_does_nothing(self) -> None:
        RetentionRun.objects.create()
        assert run_retention() == 0
        assert RetentionRun.objects.count() == 1

    def test_a_run_whose_process_died_does_not_block_the_next(self) -> None:
        RetentionRun.objects.create()
        RetentionRun.objects.update(started_at=clock.now() - DAY)
        with clock.frozen(NOW):
            run_retention()
        assert sorted(RetentionRun.objects.values_list("state", flat=True)) == ["done", "failed"]

    def test_the_preview_tells_what_goes_of_the_named_apps(self) -> None:
        with clock.frozen(NOW):
            (row,) = facade.preview_retention(["shop", "keep"])
        assert (row.app, row.days, row.before, row.lines) == ("shop", 1, NOW - DAY, 1)

    def test_with_no_apps_at_all_nothing_counts_as_left_over(self) -> None:
        App.objects.all().delete()
        with clock.frozen(NOW):
            assert run_retention() == 0


def test_a_deleted_app_loses_its_lines(store: Store) -> None:
    store(aged(1), aged(1, "zoo"))
    facade.delete_app_logs("shop")
    client.run("OPTIMIZE TABLE logs")
    pending = "SELECT count() AS n FROM system.mutations WHERE NOT is_done"
    for _ in range(500):
        if client.fetch(pending) == [{"n": 0}]:
            break
    assert left("shop", "zoo") == ["zoo 1"]
