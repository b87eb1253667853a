"""Quotas and content windows: checked in the queue's own script, counted only for what is taken."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from ingestion import metrics, noted, queue, quotas
from ingestion.queue import script
from logplatform.api_access import IngestLimits
from logplatform.kernel import clock
from tests import factories
from tests.ingestion.feeding import make_entry
from tests.ingestion.test_door import queued, send_to_door

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

LINE = b'{"message": "one"}'
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def send(tenant, body: bytes = LINE, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send_to_door([body], key=tenant.ingest_key, headers=named)


def limit(thing, **fields: int) -> None:
    type(thing).objects.filter(pk=thing.pk).update(**fields)


def enqueue(body: bytes = LINE, *, key: str = "", limits: IngestLimits, **changes: object):
    entry = make_entry(body, **changes)
    digest = body.hex()
    terms = quotas.terms_of(limits, entry, idempotency_key=key, digest=digest)
    return queue.enqueue(entry, idempotency_key=key, body_hash=digest, terms=terms)


def counted(name: str) -> float:
    found = queue.booked().items()
    return sum(float(value) for field, value in found if field.startswith(b'["%s"' % name.encode()))


# --- the content window ---


def test_without_a_window_the_same_body_is_stored_as_often_as_it_comes(tenant) -> None:
    assert send(tenant)[2]["receipt"] != send(tenant)[2]["receipt"]
    assert queued() == 2


def test_within_the_window_the_same_bytes_get_the_first_receipt(tenant) -> None:
    limit(tenant.source, window_s=60)
    first, again, other = send(tenant), send(tenant), send(tenant, LINE + b" ")
    assert (first[0], again[0], first[2]) == (202, 202, again[2])
    assert other[2]["receipt"] != first[2]["receipt"]
    assert queued() == 2
    assert counted("lines") == 1, "one line was a duplicate"


def test_the_window_is_the_sources_own() -> None:
    limits = IngestLimits(window_s=60)
    assert enqueue(limits=limits).is_new
    assert enqueue(limits=limits, source="other").is_new
    assert enqueue(limits=limits, app="other").is_new
    assert not enqueue(limits=limits).is_new


def test_the_window_ends_counted_from_the_first(valkey) -> None:
    limits = IngestLimits(window_s=100)
    enqueue(limits=limits)
    (key,) = valkey.keys("lgs:same:*")
    left = valkey.pttl(key)
    enqueue(limits=limits)
    assert 0 < valkey.pttl(key) <= left
    valkey.delete(key)
    assert enqueue(limits=limits).is_new


def test_the_same_bytes_at_the_same_moment_enter_once() -> None:
    limits = IngestLimits(window_s=60)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: enqueue(limits=limits), range(20)))
    assert sum(answer.is_new for answer in answers) == 1
    assert len({answer.receipt for answer in answers}) == 1
    assert queued() == 1


def test_an_idempotency_key_wins_over_the_window() -> None:
    limits = IngestLimits(window_s=60)
    enqueue(limits=limits)
    assert enqueue(limits=limits, key="mine").is_new
    assert not enqueue(limits=limits, key="mine").is_new
    assert enqueue(b"only with a key", limits=limits, key="k").is_new
    assert enqueue(b"only with a key", limits=limits).is_new


def test_an_answer_lost_on_the_way_is_no_duplicate(monkeypatch) -> None:
    """The queue took the body, the connection broke, the door asks again by itself."""
    exchange = script._exchange
    answers = []

    def lose_the_first(connection, calls):
        answers.append(exchange(connection, calls))
        if len(answers) == 1:
            raise redis.ConnectionError("cut")
        return answers[-1]

    monkeypatch.setattr(script, "_exchange", lose_the_first)
    sent = enqueue(limits=IngestLimits(window_s=60))
    monkeypatch.undo()
    assert (len(answers), queued()) == (2, 1)
    assert counted("lines") == 0
    assert enqueue(limits=IngestLimits(window_s=60)).receipt == sent.receipt


def test_what_was_refused_is_not_remembered_as_the_first() -> None:
    with pytest.raises(queue.OverQuota):
        enqueue(limits=IngestLimits(window_s=60, source_bytes_per_day=1))
    assert enqueue(limits=IngestLimits(window_s=60)).is_new


# --- daily volume ---


def test_over_the_daily_volume_of_a_source_nothing_is_stored(tenant) -> None:
    limit(tenant.source, daily_bytes=2 * len(LINE))
    assert [send(tenant)[0] for _ in range(3)] == [202, 202, 429]
    status, headers, reply = send(tenant)
    error = reply["error"]
    assert (status, error["code"], queued()) == (429, "quota_exceeded", 2)
    assert error["data"]["quota"] == "bytes a day of this source"
    assert (error["data"]["used"], error["data"]["limit"]) == (36, 36)
    midnight = clock.now() + timedelta(seconds=int(headers["retry-after"]))
    assert error["data"]["resets_at"].startswith(f"{midnight + timedelta(seconds=2):%Y-%m-%dT00}")


def test_the_quota_of_an_app_counts_all_its_sources(tenant) -> None:
    other = factories.make_source(tenant.app, "second")
    _, other_key = factories.make_key(other, ["ingest"])
    limit(tenant.app, daily_bytes=len(LINE) + 5)
    assert send(tenant)[0] == 202
    status, _, reply = send_to_door([LINE], key=other_key)
    assert (status, reply["error"]["data"]["quota"]) == (429, "bytes a day of this app")


def test_a_body_that_still_fits_is_taken_after_one_that_does_not() -> None:
    limits = IngestLimits(source_bytes_per_day=20)
    with pytest.raises(queue.OverQuota):
        enqueue(b"x" * 21, limits=limits)
    enqueue(b"x" * 20, limits=limits)
    with pytest.raises(queue.OverQuota) as over:
        enqueue(b"x", limits=limits)
    assert (over.value.which, over.value.used_bytes) == ("source", 20)


def test_the_day_is_utcs_and_the_next_one_starts_at_zero(monkeypatch) -> None:
    limits = IngestLimits(source_bytes_per_day=5)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    enqueue(b"x" * 5, limits=limits)
    with pytest.raises(queue.OverQuota) as over:
        enqueue(b"x", limits=limits)
    error = quotas.refusal(over.value, limits)
    assert (error.data["resets_at"], error.retry_after_s) == ("2026-03-02T00:00:00Z", 12 * 3600)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=12))
    assert enqueue(b"x" * 5, limits=limits).is_new


def test_decompressed_bytes_count() -> None:
    with pytest.raises(queue.OverQuota):
        enqueue(b"tiny", size=1000, limits=IngestLimits(app_bytes_per_day=999))


def test_a_repeat_costs_nothing_of_the_quota_and_is_answered_when_it_is_used_up() -> None:
    limits = IngestLimits(source_bytes_per_day=len(LINE))
    first = enqueue(limits=limits, key="k")
    assert enqueue(limits=limits, key="k").receipt == first.receipt


def test_a_full_queue_uses_up_no_quota(settings) -> None:
    limits = IngestLimits(source_bytes_per_day=100, key_bytes_per_s=1)
    settings.ENV = replace(settings.ENV, queue_max_bytes=1)
    with pytest.raises(Exception, match="full"):
        enqueue(limits=limits)
    settings.ENV = replace(settings.ENV, queue_max_bytes=1000)
    enqueue(b"x" * 100, limits=limits)


def test_the_settings_hold_where_nothing_else_is_said(tenant, settings) -> None:
    settings.ENV = replace(settings.ENV, source_daily_bytes=5, app_daily_bytes=1000)
    assert send(tenant)[0] == 429
    limit(tenant.source, daily_bytes=0)
    from ingestion.authentication import forget_cached_keys

    forget_cached_keys()
    assert send(tenant)[0] == 202


def test_day_counters_go_by_themselves_and_are_not_there_without_quotas(valkey) -> None:
    enqueue(limits=IngestLimits())
    assert valkey.keys("lgs:day:*") == valkey.keys("lgs:rate:*") == valkey.keys("lgs:same:*") == []
    for _ in range(2):
        enqueue(limits=IngestLimits(source_bytes_per_day=1000, app_bytes_per_day=1000))
    keys = valkey.keys("lgs:day:*")
    assert [valkey.get(key) for key in keys] == [b"36", b"36"]
    assert all(86_400 < valkey.ttl(key) <= 172_800 for key in keys)


# --- rate ---


def test_a_burst_passes_then_the_key_has_to_wait(settings) -> None:
    settings.ENV = replace(settings.ENV, key_burst_s=10)
    limits = IngestLimits(key_bytes_per_s=100)
    enqueue(b"x" * 900, limits=limits)
    enqueue(b"x" * 1100, limits=limits)  # open while something is left
    with pytest.raises(queue.OverQuota) as over:
        enqueue(b"x", limits=limits)
    assert over.value.which == "rate"
    assert 9 <= over.value.wait_s <= 10
    error = quotas.refusal(over.value, limits)
    assert error.data["limit"] == 1000
    assert 1990 <= error.data["used"] <= 2000
    assert error.retry_after_s == over.value.wait_s


def test_another_key_has_its_own_rate() -> None:
    limits = IngestLimits(key_bytes_per_s=1)
    enqueue(b"x" * 500, limits=limits, key_id=1)
    assert enqueue(limits=limits, key_id=2).is_new


@pytest.mark.parametrize("drift_s", [-100, 3600], ids=["time passed", "the clock went back"])
def test_the_bucket_fills_with_time_and_is_not_stuck_when_the_clock_jumps(valkey, drift_s) -> None:
    limits = IngestLimits(key_bytes_per_s=10)
    enqueue(b"x" * 1000, limits=limits)
    left, at = valkey.get("lgs:rate:7").split()
    valkey.set("lgs:rate:7", b"%s %f" % (left, float(at) + drift_s))
    assert enqueue(limits=limits).is_new


def test_the_bucket_of_an_idle_key_is_forgotten(valkey) -> None:
    enqueue(b"x" * 100, limits=IngestLimits(key_bytes_per_s=10))
    assert 0 < valkey.ttl("lgs:rate:7") <= 11


# --- what it looks like ---


def test_refusals_are_counted_by_source_and_reason(tenant, valkey) -> None:
    limit(tenant.source, daily_bytes=1)
    noted.flush()
    valkey.delete("lgs:metrics")
    send(tenant)
    send(tenant)
    send_to_door([LINE], key="lgs_x_y")
    send_to_door([LINE], key=tenant.ingest_key, headers={"content-length": "5"})
    noted.flush()
    text = metrics.exposition(with_names=True).decode()
    lines = [line for line in text.splitlines() if line.startswith("logplatform_refused_total{")]
    assert sorted(lines) == [
        'logplatform_refused_total{app="",reason="not_authenticated",source=""} 1.0',
        'logplatform_refused_total{app="",reason="torn_body",source=""} 1.0',
        'logplatform_refused_total{app="alpha",reason="quota_exceeded",source="alpha-web"} 2.0',
    ]
    assert "alpha" not in metrics.exposition(with_names=False).decode()


def test_refusals_wait_while_the_queue_is_away(valkey) -> None:
    from tests.outages import queue_away

    noted.flush()
    valkey.delete("lgs:metrics")
    with queue_away():
        noted.refused("no_store")
        noted.flush()
    noted.flush()
    assert counted("refused") == 1


def test_the_quota_check_takes_no_round_trip_of_its_own(tenant, valkey) -> None:
    limit(tenant.source, daily_bytes=1 << 30, window_s=9)
    limit(tenant.key, rate_bytes=1 << 30)
    send(tenant)  # looks the key up, notes its use, loads the script
    before = valkey.info("stats")["total_commands_processed"]
    send(tenant, LINE + LINE)
    assert valkey.info("stats")["total_commands_processed"] - before <= 30
    calls = [valkey.info("commandstats")["cmdstat_evalsha"]["calls"]]
    send(tenant, LINE * 3)
    calls.append(valkey.info("commandstats")["cmdstat_evalsha"]["calls"])
    assert calls[1] - calls[0] == 1
