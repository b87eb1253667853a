"""The check of the ledger: real gaps are found and named, and nothing else ever is."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from ingestion import closing, direct, queue
from ingestion.ledger.gaps import accept_gaps, gap_lines, open_gaps
from ingestion.ledger.models import LedgerCheck, LedgerGap
from ingestion.ledger.reconcile import Checked, check_again, check_new
from ingestion.models import DirectWrite
from ingestion.quarantine import replays, runner
from ingestion.tasks import reconcile
from logplatform.kernel import clock
from storage import facade as storage
from storage.clickhouse import client
from storage.models import App, RetentionPolicy, RetentionRun
from storage.tasks import run_retention
from tests.factories import make_app
from tests.ingestion.feeding import drain_all, drain_and_die, make_entry
from tests.outages import engine_away, queue_away
from tests.storage.records import make_frame

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"), pytest.mark.django_db]

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
ARRIVED = (NOW - 10 * MINUTE).replace(second=30)
MIXED = b'{"message":"good"}\n{"cut\n{"message":"too"}'


@pytest.fixture(autouse=True)
def _apps() -> None:
    """Two apps opened long ago, to be checked from a quarter of an hour ago on."""
    make_app("shop", days=None)
    make_app("bank", days=None)
    App.objects.update(created_at=NOW - timedelta(days=100))
    LedgerCheck.current(NOW)
    check_from(NOW - 15 * MINUTE)


def check_from(moment: datetime) -> None:
    """Have the next check begin there."""
    begin = moment.replace(second=0)
    LedgerCheck.objects.update(until=begin, late_until=begin, since=begin)


def put(body: bytes = b"one\ntwo\nthree", at: datetime = ARRIVED, **changes: Any) -> str:
    values = {"lines": body.count(b"\n") + 1, "received_at": at, **changes}
    key = values.pop("key", "")
    entry = make_entry(body, **values)
    return queue.enqueue(entry, idempotency_key=key, body_hash="h").receipt


def run_sql(sql: str) -> None:
    """Damage on purpose: what no part of the platform does."""
    client.run(sql, lightweight_deletes_sync=2, mutations_sync=2)


def check(at: datetime = NOW) -> Checked:
    with clock.frozen(at):
        checked = check_new()
    assert checked
    return checked


def reconcile_span(begin: datetime) -> None:
    """Check the first minutes of a span of days."""
    with patch("ingestion.ledger.reconcile.settled_until", lambda _: begin + 9 * MINUTE):
        check_again(begin)


def gaps() -> list[tuple[str, str, int, int, int]]:
    found = open_gaps().order_by("minute", "app__slug", "source")
    return [(g.app.slug, g.source, g.lost, g.doubled, g.unbooked) for g in found]


def test_what_was_stored_as_it_should_leaves_no_gap() -> None:
    put()
    put(MIXED, strict_json=True)
    put(b"{bad", strict_json=True)
    put(app="bank", source="atm")
    put(b"\n".join(b"line %d" % n for n in range(5000)), at=ARRIVED + 3 * MINUTE)
    drain_all()
    checked = check()
    assert checked.end - MINUTE < NOW - 2 * MINUTE <= checked.end + MINUTE
    assert gaps() == []


def test_joined_lines_are_no_gap() -> None:
    put(b"ERROR boom\n  at a", multiline=True)
    put(b"  at b\n  at c", multiline=True)
    drain_all()
    check()
    assert gaps() == []


def test_lost_lines_are_found_with_minute_source_and_receipt() -> None:
    receipt = put()
    put(app="bank", source="atm")
    drain_all()
    run_sql("DELETE FROM logs WHERE message = 'two' AND app = 'shop'")
    check()
    gap = open_gaps().get()
    assert (gap.app.slug, gap.source) == ("shop", "web")
    assert gap.minute == ARRIVED.replace(second=0)
    assert (gap.booked, gap.found, gap.lost, gap.doubled, gap.unbooked) == (3, 2, 1, 0, 0)
    assert gap.receipts == [{"receipt": receipt, "booked": 3, "found": 2}]


def test_lines_inserted_twice_under_another_token_are_found() -> None:
    receipt = put()
    drain_all()
    run_sql("INSERT INTO logs SELECT * FROM logs WHERE message != 'two'")
    check()
    gap = open_gaps().get()
    assert (gap.lost, gap.doubled, gap.unbooked) == (0, 2, 0)
    assert gap.receipts == [{"receipt": receipt, "booked": 3, "found": 5}]


def test_lost_and_doubled_lines_of_one_minute_do_not_cancel_out() -> None:
    put(b"a\nb")
    put(b"c\nd")
    drain_all()
    run_sql("DELETE FROM logs WHERE message = 'a'")
    run_sql("INSERT INTO logs SELECT * FROM logs WHERE message = 'd'")
    check()
    assert gaps() == [("shop", "web", 1, 1, 0)]


def test_lines_without_a_receipt_are_found() -> None:
    frame = make_frame([{"received_at": ARRIVED, "timestamp": ARRIVED}] * 4)
    storage.write_logs(frame, token="t")
    check()
    assert gaps() == [("shop", "web", 0, 0, 4)]


def test_a_request_whose_lines_are_all_gone_is_found() -> None:
    put()
    put(at=ARRIVED + 2 * MINUTE)
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    check()
    assert gaps() == [("shop", "web", 3, 0, 0), ("shop", "web", 3, 0, 0)]


def test_a_receipt_that_does_not_add_up_is_a_gap() -> None:
    put()
    drain_all()
    run_sql("ALTER TABLE receipts UPDATE received = 5 WHERE app = 'shop'")
    check()
    assert gaps() == [("shop", "web", 2, 0, 0)]


def test_the_same_receipt_twice_is_no_loss() -> None:
    put()
    drain_all()
    run_sql("INSERT INTO receipts SELECT * FROM receipts")
    check()
    assert gaps() == []


def test_a_gap_closes_by_itself_when_the_lines_are_back() -> None:
    put()
    drain_all()
    run_sql("CREATE TABLE IF NOT EXISTS kept ENGINE = Memory AS SELECT * FROM logs")
    run_sql("TRUNCATE TABLE logs")
    check()
    assert gaps() == [("shop", "web", 3, 0, 0)]
    run_sql("INSERT INTO logs SELECT * FROM kept")
    run_sql("DROP TABLE kept")
    check(NOW + MINUTE)
    assert gaps() == []
    assert LedgerGap.objects.get().state == LedgerGap.State.CLOSED


def test_an_accepted_gap_stays_so_until_it_grows() -> None:
    put(b"a\nb\nc")
    drain_all()
    run_sql("DELETE FROM logs WHERE message = 'a'")
    check()
    assert accept_gaps(LedgerGap.objects.all(), NOW) == 1
    with clock.frozen(NOW):
        check_again(NOW - 15 * MINUTE)
    assert gaps() == []
    run_sql("DELETE FROM logs WHERE message = 'b'")
    with clock.frozen(NOW):
        check_again(NOW - 15 * MINUTE)
    assert gaps() == [("shop", "web", 2, 0, 0)]


def test_minutes_with_queued_requests_wait() -> None:
    put()
    entered = datetime.now(UTC)
    later = entered + 20 * MINUTE
    assert check(later).end <= entered
    assert gaps() == []
    drain_all()
    assert check(later).end > entered
    assert gaps() == []


def test_a_request_that_was_drained_long_after_counts_right() -> None:
    """A replay, or a body that waited longer than anybody expected."""
    check()
    receipt = put(at=ARRIVED)
    with clock.frozen(NOW + MINUTE):
        drain_all()
    assert check(NOW + 10 * MINUTE).late == 1
    assert gaps() == []
    run_sql("TRUNCATE TABLE logs")
    put(at=ARRIVED)
    with clock.frozen(NOW + 11 * MINUTE):
        drain_all()
    assert check(NOW + 20 * MINUTE).late == 1
    assert gaps() == [("shop", "web", 3, 0, 0)]
    assert open_gaps().get().receipts[0]["receipt"] == receipt


def test_replayed_lines_count_right_and_a_lost_one_is_found(monkeypatch) -> None:
    monkeypatch.setattr(replays, "_ring", lambda replay: None)
    put(MIXED, strict_json=True)
    drain_all()
    check()
    choice = replays.Choice(app=App.objects.get(slug="shop"), source="web", format="text")
    with clock.frozen(NOW):
        replay = replays.start_replay(choice, user=None)
        assert not runner.run_replay(replay.pk)
    assert check(NOW + 10 * MINUTE).late == 1
    assert gaps() == []
    run_sql("DELETE FROM logs WHERE message LIKE '{\"cut%'")
    with clock.frozen(NOW):
        check_again(NOW - 15 * MINUTE)
    assert gaps() == [("shop", "web", 1, 0, 0)]


def test_direct_writes_are_checked_like_all_others() -> None:
    direct.store(make_entry(MIXED, lines=3, strict_json=True, received_at=ARRIVED))
    check()
    assert gaps() == []
    run_sql("DELETE FROM logs WHERE message = 'good'")
    with clock.frozen(NOW):
        check_again(NOW - 15 * MINUTE)
    assert gaps() == [("shop", "web", 1, 0, 0)]


def test_a_direct_write_that_died_is_waited_for(monkeypatch) -> None:
    def die(*_: object, **__: object) -> None:
        raise SystemExit("killed before the receipt")

    with monkeypatch.context() as broken:
        broken.setattr(storage, "write_receipts", die)
        with pytest.raises(SystemExit):
            direct.store(make_entry(b"a\nb", lines=2, received_at=ARRIVED))
    DirectWrite.objects.update(created_at=ARRIVED)
    assert check().end < ARRIVED
    direct.finish_writes()
    assert check().end > ARRIVED
    assert gaps() == []


def test_retries_with_an_idempotency_key_are_no_gap() -> None:
    for _ in range(3):
        put(key="k")
        drain_all()
        put(key="k")
    drain_all()
    check()
    assert gaps() == []


def test_a_drain_that_died_before_the_acknowledgement_is_no_gap(monkeypatch) -> None:
    put()
    drain_and_die(monkeypatch)
    drain_all()
    check()
    assert gaps() == []


def test_lines_that_retention_took_are_no_gap() -> None:
    RetentionPolicy.objects.filter(app__slug="shop").update(days=1)
    begin = NOW - timedelta(days=2, minutes=5)
    check_from(begin)
    put(at=NOW - timedelta(days=2))
    put(at=NOW - timedelta(days=2), app="bank")
    drain_all()
    run_sql("DELETE FROM logs WHERE app = 'shop'")
    with clock.frozen(NOW):
        reconcile_span(begin)
    assert gaps() == []


def test_a_clean_up_is_remembered_when_the_term_is_made_longer() -> None:
    begin = NOW - timedelta(days=2, minutes=5)
    check_from(begin)
    put(b'{"message":"old","timestamp":"2020-01-01T00:00:00Z"}', at=NOW - timedelta(days=2))
    drain_all()
    RetentionPolicy.objects.filter(app__slug="shop").update(days=1)
    with clock.frozen(NOW):
        assert run_retention() == 1
    RetentionRun.objects.update(started_at=NOW)
    RetentionPolicy.objects.filter(app__slug="shop").update(days=30)
    with clock.frozen(NOW):
        reconcile_span(begin)
    assert gaps() == []


def test_a_deleted_app_is_no_gap_and_takes_its_gaps_along() -> None:
    put()
    put(app="bank")
    drain_all()
    run_sql("DELETE FROM logs WHERE app = 'shop'")
    check()
    assert len(gaps()) == 1
    closing.close_app(App.objects.get(slug="shop"))
    with clock.frozen(NOW):
        check_again(NOW - 15 * MINUTE)
    assert not LedgerGap.objects.exists()


def test_an_app_opened_again_is_not_asked_for_lines_of_the_one_before() -> None:
    put()
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    App.objects.filter(slug="shop").delete()
    make_app("shop")
    check()
    assert gaps() == []


def test_no_false_alarm_while_bodies_keep_coming(transactional_db) -> None:
    """Checks run while lines are enqueued, drained and written directly."""

    def send(number: int) -> None:
        body = MIXED if number % 3 else b"plain"
        count = body.count(b"\n") + 1
        at = datetime.now(UTC)
        if number % 5 == 0:
            direct.store(make_entry(body, lines=count, received_at=at))
        else:
            put(body, at=at, strict_json=bool(number % 2), key=f"k{number % 40}")

    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(send, range(120))
        for minutes in range(5):
            drain_all()
            check(NOW + minutes * MINUTE)
        list(sent)
    drain_all()
    check(datetime.now(UTC) + 5 * MINUTE)
    assert gaps() == []


def test_two_checks_at_once_find_a_gap_once() -> None:
    put()
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    current = LedgerCheck.current(NOW)
    assert current.begin(NOW)
    with clock.frozen(NOW):
        assert check_new() is None
        assert not LedgerCheck.current(NOW).begin(NOW + MINUTE)
    check(NOW + 11 * MINUTE)
    assert gaps() == [("shop", "web", 3, 0, 0)]


def test_a_check_that_was_overtaken_does_not_turn_the_watermark_back() -> None:
    slow, fast = LedgerCheck.current(NOW), LedgerCheck.current(NOW)
    assert fast.advance(until=NOW)
    assert not slow.advance(until=NOW - 30 * MINUTE)
    assert LedgerCheck.current(NOW).until == NOW


def test_a_check_that_has_no_time_goes_on_where_it_stopped() -> None:
    check_from(NOW - 32 * MINUTE)
    put(at=NOW - 31 * MINUTE)
    put(at=NOW - 5 * MINUTE)
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    ends = []
    while not ends or ends[-1] < NOW - 4 * MINUTE:
        with clock.frozen(NOW):
            ends.append(check_new(run_s=0).end)
    assert len(ends) > 2
    assert ends == sorted(set(ends))
    assert len(gaps()) == 2


@pytest.mark.parametrize("outage", [engine_away, queue_away], ids=["engine", "queue"])
def test_a_service_that_is_away_costs_nothing_but_time(outage: Any) -> None:
    put()
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    before = LedgerCheck.current(NOW).until
    with outage(), clock.frozen(NOW):
        reconcile()
        with pytest.raises(CommandError):
            call_command("reconcile", stdout=io.StringIO())
    assert LedgerCheck.current(NOW).until == before
    check()
    assert len(gaps()) == 1


def test_gaps_go_with_their_receipts() -> None:
    put()
    drain_all()
    run_sql("TRUNCATE TABLE logs")
    check()
    LedgerGap.objects.update(minute=NOW - timedelta(days=32))
    check(NOW + MINUTE)
    assert not LedgerGap.objects.exists()


def test_lines_are_summed_by_source_and_kind_for_the_alarm() -> None:
    put()
    put(at=ARRIVED + MINUTE)
    put(app="bank")
    drain_all()
    run_sql("DELETE FROM logs WHERE app = 'shop'")
    check()
    assert gap_lines() == {("shop", "web"): {"lost": 6, "doubled": 0, "unbooked": 0}}


class TestCommand:
    """`manage.py reconcile`."""

    @pytest.fixture(autouse=True)
    def _frozen(self) -> Iterator[None]:
        with clock.frozen(NOW):
            yield

    def run(self, *args: str) -> tuple[int, str]:
        output = io.StringIO()
        try:
            call_command("reconcile", *args, stdout=output)
        except CommandError as error:
            return error.returncode, output.getvalue() + str(error)
        return 0, output.getvalue()

    def test_it_says_that_all_is_well(self) -> None:
        put()
        drain_all()
        code, text = self.run()
        assert (code, text.splitlines()[-1]) == (0, "Every receipt has its lines.")

    def test_it_names_what_differs_and_fails(self) -> None:
        receipt = put()
        drain_all()
        run_sql("DELETE FROM logs WHERE message = 'two'")
        code, text = self.run()
        assert code == 1
        expected = f"{ARRIVED:%Y-%m-%d %H:%M} shop/web: 3 booked, 2 found; 1 lost, 0 doubled, "
        assert expected + f"0 without a receipt ({receipt})" in text

    def test_since_looks_again_at_what_was_checked(self) -> None:
        put()
        drain_all()
        assert self.run()[0] == 0
        run_sql("TRUNCATE TABLE logs")
        assert self.run()[0] == 0
        assert self.run("--since", "now-20m")[0] == 1
        assert self.run()[0] == 1

    @pytest.mark.parametrize("since", ["yesterday", "2026-99-99", "'; --", "now-"])
    def test_a_time_that_is_none_is_refused(self, since: str) -> None:
        code, text = self.run("--since", since)
        assert code == 1
        assert "is no time" in text
