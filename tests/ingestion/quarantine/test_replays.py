"""Replays: what could not be stored is read again and stored, each line exactly once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion import drain, queue
from ingestion.errors import NothingToReplay, ReplayRunning, UnknownFormat
from ingestion.models import Replay, Source
from ingestion.quarantine import replays, runner
from ingestion.quarantine.replays import Choice
from storage import facade as storage
from storage.facade import LogQuery, RejectQuery
from storage.models import App
from tests.factories import make_app, make_source
from tests.ingestion.feeding import make_entry
from tests.storage.rejects import AT, reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "clickhouse", "no_bell")]

NASTY = [b"plain \xff\xfe", b"nul\x00inside", "ü\u2028".encode(), b"x" * 262_144, b'{"a":']
SHOP = RejectQuery(apps=("shop",))


@pytest.fixture
def app() -> App:
    app = make_app("shop")
    make_source(app, "web", format="json")
    return app


def start(app: App, **choice: Any) -> Replay:
    return replays.start_replay(Choice(app=app, source="web", **choice), user=None)


def run(replay: Replay) -> Replay:
    assert not runner.run_replay(replay.pk)
    replay.refresh_from_db()
    return replay


def everything(q: str = "") -> LogQuery:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return LogQuery(apps=("shop",), start=start, end=datetime(2100, 1, 1, tzinfo=UTC), q=q)


def messages(q: str = "") -> Counter:
    records = storage.search_logs(everything(q), limit=1000).records
    return Counter(record["message"] for record in records)


def test_lines_are_stored_with_their_mark_and_old_times_and_leave_quarantine(app: App) -> None:
    old = AT - timedelta(days=3)
    reject({"raw": b'{"message":"one"}', "received_at": old})
    reject({"raw": b'{"message":"two"}'})
    replay = run(start(app))
    assert (replay.state, replay.stored, replay.refused) == ("done", 2, 0)
    assert messages() == Counter(["one", "two"])
    assert messages(f"_replay:{replay.pk.hex}") == messages("_exists_:_replay") == messages()
    record = storage.search_logs(everything("one"), limit=1).records[0]
    assert record["received_at"] == "2026-11-19T10:00:00Z"
    assert storage.count_rejects(SHOP) == 0


def test_a_line_that_says_it_was_replayed_is_found_by_the_replay_that_stored_it(app: App) -> None:
    reject({"raw": b'{"message":"one","_replay":"mine","a":1}'})
    replay = run(start(app))
    assert messages(f"_replay:{replay.pk.hex}") == Counter(["one"])
    assert messages("_replay:mine") == Counter()
    assert messages("a:1") == Counter(["one"])


def test_receipts_of_a_replay_add_up_under_the_times_of_old(app: App) -> None:
    from storage.clickhouse import client

    old = AT - timedelta(days=3)
    reject({"raw": b'{"message":"one"}', "received_at": old})
    reject({"raw": b"not json"}, {"raw": b'{"message":"three"}'})
    run(start(app))
    rows = client.fetch("SELECT *, toDate(received_at) AS day FROM receipts ORDER BY received_at")
    assert {row["protocol"] for row in rows} == {"replay"}
    assert all(
        row["received"] == row["stored"] + row["duplicate"] + row["quarantined"] for row in rows
    )
    assert sum(row["stored"] for row in rows) == 2
    assert rows[0]["day"] == "2026-11-19"


@pytest.mark.usefixtures("one_shard")
def test_the_ledger_agrees_with_the_store_after_replays(app: App) -> None:
    body = b'{"message":"good"}\nnot json\nneither\n{"cut'
    for _ in range(3):
        entry = make_entry(body, lines=4, format="json", received_at=AT)
        queue.enqueue(entry, idempotency_key="", body_hash="")
    drain.drain_shard(0, idle_s=0.05)
    minute = AT.replace(second=0)
    span = (minute, minute + timedelta(minutes=1))
    assert storage.compare_ledger(("shop",), *span) == []
    chosen = [line["id"] for line in storage.list_rejects(SHOP).lines if line["raw"] != "neither"]
    assert run(start(app, format="", ids=tuple(chosen))).stored == 6
    assert storage.compare_ledger(("shop",), *span) == []
    run(start(app, format="json"))
    run(start(app, format=""))
    assert storage.compare_ledger(("shop",), *span) == []
    assert sum(messages().values()) == 12


def test_lines_refused_again_stay_as_they_are_and_are_not_asked_twice(app: App) -> None:
    reject(*({"raw": b"not json %d" % n} for n in range(7)), {"raw": b'{"message":"fine"}'})
    before = storage.list_rejects(SHOP).lines
    replay = run(start(app))
    assert (replay.stored, replay.refused) == (1, 7)
    assert sum(replay.reasons.values()) == 7
    assert [line for line in before if line["raw"] != '{"message":"fine"}'] == (
        storage.list_rejects(SHOP).lines
    )


@pytest.mark.parametrize("size", [1, 2, 3])
def test_nasty_bytes_are_stored_by_detection_whatever_the_batches(
    app: App, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(runner, "BATCH_LINES", size)
    reject(*({"raw": raw} for raw in NASTY))
    replay = run(start(app, format=""))
    assert (replay.state, replay.stored, replay.batch) == ("done", 5, -(-5 // size))
    assert sum(messages().values()) == 5
    assert messages()["nul\x00inside"] == 1


def test_bytes_that_are_no_line_are_kept(app: App) -> None:
    reject({"raw": b"two\nlines"}, {"raw": b""}, {"raw": b" \t"}, {"raw": b"fine"})
    replay = run(start(app, format=""))
    assert (replay.stored, replay.refused, replay.reasons) == (1, 3, {"not_a_line": 3})
    assert storage.count_rejects(SHOP) == 3


def test_one_reason_selected_lines_or_a_span_are_replayed_alone(app: App) -> None:
    late = AT + timedelta(minutes=5)
    reject({"reason_code": "a", "raw": b"a"}, {"raw": b"b"}, {"raw": b"c", "received_at": late})
    run(start(app, format="", reason_code="a"))
    assert messages() == Counter(["a"])
    chosen = next(line["id"] for line in storage.list_rejects(SHOP).lines if line["raw"] == "b")
    run(start(app, format="", ids=(chosen,)))
    assert messages() == Counter(["a", "b"])
    run(start(app, format="", start=late))
    assert messages() == Counter(["a", "b", "c"])


def test_other_apps_and_sources_are_left_alone(app: App) -> None:
    reject({"app": "bank"}, {"source": "db"}, {"raw": b"mine"})
    run(start(app, format=""))
    assert messages() == Counter(["mine"])
    assert storage.count_rejects(RejectQuery(apps=("bank", "shop"))) == 2


def test_a_source_that_is_gone_can_be_replayed_by_detection(app: App) -> None:
    Source.objects.all().delete()
    reject({"raw": b"an orphan"})
    run(start(app))
    assert messages() == Counter(["an orphan"])


def test_a_format_that_went_between_start_and_run_refuses_all(app: App) -> None:
    reject({"raw": b"a line"})
    replay = start(app)
    Replay.objects.filter(pk=replay.pk).update(format="gone")
    assert run(replay).reasons == {"unknown_format": 1}
    assert storage.count_rejects(SHOP) == 1


def test_what_cannot_begin_says_why(app: App) -> None:
    with pytest.raises(NothingToReplay):
        start(app)
    reject({})
    with pytest.raises(UnknownFormat):
        start(app, format="no such")
    start(app)
    with pytest.raises(ReplayRunning):
        start(app)
    assert Replay.objects.count() == 1


def test_lines_that_come_while_it_runs_are_not_part_of_it(app: App) -> None:
    reject({"raw": b"before"})
    replay = start(app, format="")
    reject({"raw": b"after", "received_at": datetime.now(UTC) + timedelta(minutes=1)})
    assert run(replay).stored == 1
    assert messages() == Counter(["before"])


def test_lines_removed_meanwhile_are_counted_as_gone(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(*({"raw": b"line %d" % n} for n in range(4)))
    replay = start(app, format="")
    step = runner._Run.step

    def remove_one_after_choosing(self: runner._Run) -> bool:
        goes_on = step(self)
        if self.replay.intent is not None and self.replay.written is None:
            line = storage.list_rejects(SHOP).lines[0]
            storage.delete_rejects(RejectQuery(apps=("shop",), ids=(line["id"],)))
        return goes_on

    monkeypatch.setattr(runner._Run, "step", remove_one_after_choosing)
    replay = run(replay)
    assert (replay.stored, replay.gone, replay.done, replay.state) == (3, 1, 4, "done")
    assert sum(messages().values()) == 3


def test_a_run_works_in_slices_and_only_one_at_a_time(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH_LINES", 1)
    reject({"raw": b"a"}, {"raw": b"b"})
    replay = start(app, format="")
    assert runner.run_replay(replay.pk, run_s=-1)
    Replay.objects.update(held_until=datetime.now(UTC) + timedelta(minutes=1))
    assert not runner.run_replay(replay.pk)
    assert not messages()
    Replay.objects.update(held_until=datetime.now(UTC) - timedelta(minutes=1))
    run(replay)
    assert messages() == Counter(["a", "b"])


def test_a_run_that_lost_its_lease_changes_nothing_more(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject({"raw": b"a"})
    replay = start(app, format="")
    write = storage.write_logs_once

    def lose_lease(piece: Any, *, token: str) -> None:
        write(piece, token=token)
        Replay.objects.update(holder="somebody else", held_until=None)

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_logs_once", lose_lease)
        assert not runner.run_replay(replay.pk)
    assert storage.count_rejects(SHOP) == 1
    assert run(replay).stored == 1
    assert messages() == Counter(["a"])
    assert storage.count_rejects(SHOP) == 0


def test_cancelling_stops_behind_the_batch_and_keeps_what_is_stored(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH_LINES", 1)
    reject({"raw": b"a"}, {"raw": b"b"})
    replay = start(app, format="")
    for _ in range(3):
        runner.run_replay(replay.pk, run_s=-1)
    replays.cancel_replay(replay)
    assert replay.is_active
    run(replay)
    assert (replay.state, replay.stored) == ("cancelled", 1)
    assert (sum(messages().values()), storage.count_rejects(SHOP)) == (1, 1)
    run(start(app, format=""))
    assert messages() == Counter(["a", "b"])


def test_one_that_waits_is_cancelled_at_once(app: App) -> None:
    reject({})
    replay = start(app)
    replays.cancel_replay(replay)
    assert replay.state == "cancelled"
    start(app)


def test_an_engine_that_is_away_leaves_it_for_later_and_says_so(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject({"raw": b"a"})
    replay = start(app, format="")

    def away(*_: object, **__: object) -> None:
        raise storage.StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_logs_once", away)
        with pytest.raises(storage.StoreUnavailable):
            runner.run_replay(replay.pk)
    replay.refresh_from_db()
    assert replay.is_active
    assert replay.problem
    replay = run(replay)
    assert (replay.stored, replay.problem) == (1, "")


def test_lines_the_engine_refuses_stay_in_quarantine_and_the_receipt_says_so(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject({"raw": b"a"}, {"raw": b"b"})

    def refuse(*_: object, **__: object) -> None:
        raise storage.StoreError

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_logs_once", refuse)
        replay = run(start(app, format=""))
    assert (replay.stored, replay.reasons) == (0, {"not_storable": 2})
    receipt = storage.find_receipt(f"replay-{replay.pk.hex}:1:0", apps=("shop",))
    assert receipt is not None
    assert (receipt["received"], receipt["stored"], receipt["quarantined"]) == (2, 0, 2)
    assert storage.count_rejects(SHOP) == 2


def test_a_preview_shows_records_and_reasons_and_stores_nothing(app: App) -> None:
    reject({"raw": b'{"message":"fine","level":"warn"}'}, {"raw": b"no"}, {"raw": b"not either"})
    preview = replays.preview_replay(Choice(app=app, source="web"))
    assert (preview.total, preview.examined, preview.stored, preview.refused) == (3, 3, 1, 2)
    assert preview.records[0]["message"] == "fine"
    assert "_replay" not in preview.records[0]["attributes"]
    assert sum(reason["lines"] for reason in preview.reasons) == 2
    assert storage.count_rejects(SHOP) == 3
    assert not messages()
    other = replays.preview_replay(Choice(app=app, source="web", format=""))
    assert (other.stored, other.refused) == (3, 0)
    with pytest.raises(NothingToReplay):
        replays.preview_replay(Choice(app=app, source="none"))


@pytest.mark.usefixtures("one_shard")
def test_rows_of_tables_are_read_by_the_header_they_came_with() -> None:
    app = make_app("shop")
    make_source(app, "web", format="json", multiline="off")
    sent = [("number,message", b"1,one\n2,two"), ("message,number", b"three,3"), ("", b"4,x")]
    for header, body in sent:
        entry = make_entry(body, lines=body.count(b"\n") + 1, format="json", header=header)
        queue.enqueue(entry, idempotency_key="", body_hash="")
    drain.drain_shard(0, idle_s=0.05)
    replay = run(start(app, format="csv"))
    assert (replay.stored, replay.refused, replay.reasons) == (3, 1, {"no_header": 1})
    assert messages() == Counter(["one", "two", "three"])
    assert messages("number:2") == Counter(["two"])


@pytest.mark.usefixtures("one_shard")
def test_rows_of_w3c_logs_keep_the_header_above_them() -> None:
    app = make_app("shop")
    make_source(app, "web", format="w3c")
    body = (
        b"1.1.1.1 too many\n#Fields: c-ip cs-method\n2.2.2.2 GET /a\n#Fields: c-ip\n3.3.3.3 GET /b"
        b"\n4.4.4.4 \xff"
    )
    entry = make_entry(body, lines=6, format="w3c", header="#Fields: c-ip sc-status")
    queue.enqueue(entry, idempotency_key="", body_hash="")
    drain.drain_shard(0, idle_s=0.05)
    from storage.clickhouse import client

    rows = client.fetch("SELECT line, header FROM quarantine ORDER BY line")
    assert [(row["line"], row["header"]) for row in rows] == [
        (0, "#Fields: c-ip sc-status"),
        (2, "#Fields: c-ip cs-method"),
        (4, "#Fields: c-ip"),
        (5, "#Fields: c-ip"),
    ]
    # The rows were wrong by their headers, and are still.
    assert run(start(app, format="w3c")).refused == 4
