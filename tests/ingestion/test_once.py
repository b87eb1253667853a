"""Idempotency-Keys are known for 24 hours, in bounded memory, and refused beyond it."""

from dataclasses import replace

import pytest

from ingestion import queue
from ingestion.contracts import Terms
from ingestion.errors import IdempotencyFull, IdempotencyMismatch
from ingestion.queue.once import (
    KEPT_KEY,
    KEY_BYTES,
    SLOT_S,
    SLOTS,
    WINDOW_KEYS,
    WINDOWS_KEY,
    once_args,
)
from tests.ingestion.feeding import make_entry
from tests.ingestion.test_queue import put

pytestmark = pytest.mark.usefixtures("one_shard", "valkey")


def bucket_of(valkey, key: str) -> bytes:
    (name,) = valkey.keys(f"lgs:once:*:{once_args('shop', key, 'd')[0]}")
    return name


def age(valkey, key: str, slots: int) -> None:
    """As if the key had come so many slots ago."""
    name = bucket_of(valkey, key)
    _, _, slot, bucket = name.decode().split(":")
    valkey.rename(name, f"lgs:once:{int(slot) - slots}:{bucket}")


@pytest.mark.parametrize("slots", [-1, 0, 1, SLOTS])
def test_a_key_is_known_for_a_day_also_when_the_clock_went_back(valkey, slots: int) -> None:
    first = put(key="k")
    age(valkey, "k", slots)
    again = put(key="k")
    assert (again.is_new, again.receipt, again.lines) == (False, first.receipt, first.lines)
    with pytest.raises(IdempotencyMismatch):
        put(key="k", digest="another body")


def test_a_key_is_kept_24_hours_at_least_and_27_at_most(valkey) -> None:
    put(key="k")
    assert 24 * 3600 < valkey.ttl(bucket_of(valkey, "k")) <= 24 * 3600 + SLOT_S


def test_beyond_its_memory_new_keys_are_refused_and_everything_else_is_taken(
    valkey, settings
) -> None:
    settings.ENV = replace(settings.ENV, idempotency_max_bytes=3 * KEY_BYTES)
    for number in range(3):
        assert put(key=f"k{number}").is_new
    assert queue.idempotency_fill() == 1
    with pytest.raises(IdempotencyFull):
        put(key="one more")
    assert not put(key="k1").is_new
    assert put().is_new
    assert valkey.xlen("lgs:ingest:0") == 4


def test_a_slot_that_is_over_gives_its_memory_back(valkey, settings) -> None:
    settings.ENV = replace(settings.ENV, idempotency_max_bytes=2 * KEY_BYTES)
    put(key="first")
    put(key="second")
    (slot,) = valkey.hkeys(KEPT_KEY)
    valkey.hdel(KEPT_KEY, slot)
    valkey.hset(KEPT_KEY, int(slot) - SLOTS - 1, 2)
    assert put(key="third").is_new
    assert valkey.hgetall(KEPT_KEY) == {slot: b"1"}


def window_terms(body: str, seconds: int = 80) -> Terms:
    return Terms(window_key=f"lgs:same:shop/web:{body:0>64}", window_s=seconds)


def put_in_window(body: str, seconds: int = 80) -> queue.Enqueued:
    entry = make_entry(body.encode())
    terms = window_terms(body, seconds)
    return queue.enqueue(entry, idempotency_key="", body_hash="", terms=terms)


def test_content_windows_count_against_the_same_memory(valkey, settings) -> None:
    settings.ENV = replace(settings.ENV, idempotency_max_bytes=2 * WINDOW_KEYS * KEY_BYTES)
    first = put_in_window("a")
    assert put_in_window("b").is_new
    assert queue.idempotency_fill() == 1
    with pytest.raises(IdempotencyFull):
        put_in_window("c")
    with pytest.raises(IdempotencyFull):
        put(key="k")
    assert put_in_window("a").receipt == first.receipt
    assert put().is_new
    (ends,) = valkey.hkeys(WINDOWS_KEY)
    assert abs(int(ends) - int(valkey.time()[0]) - 80) <= 10
    valkey.delete(WINDOWS_KEY)
    valkey.hset(WINDOWS_KEY, int(valkey.time()[0]) - 1, 2)
    assert put_in_window("c").is_new
    assert list(valkey.hvals(WINDOWS_KEY)) == [b"1"]


def test_a_content_window_costs_no_more_than_is_counted_for_it(valkey) -> None:
    bodies, pipeline = 20_000, valkey.pipeline(transaction=False)
    before = valkey.info("memory")["used_memory"]
    for number in range(bodies):
        key = window_terms(str(number)).window_key
        pipeline.set(key, "0-1764350000000-0 5000", ex=90_000)
    pipeline.execute()
    used = valkey.info("memory")["used_memory"] - before
    assert used / bodies <= WINDOW_KEYS * KEY_BYTES


def test_a_key_costs_no_more_than_is_counted_for_it(valkey) -> None:
    """A day of 100 posts a second: 16 keys a bucket. An eighth of the buckets of one slot."""
    keys, pipeline = 16 * 8192, valkey.pipeline(transaction=False)
    before = valkey.info("memory")["used_memory"]
    for number in range(keys):
        _, field, mark, _ = once_args("shop", str(number), "d")
        bucket = f"lgs:once:163361:{number % 8192:04x}"
        pipeline.hset(bucket, field, mark + b"0-1764350000000-0 5000")
        if number < 8192:
            pipeline.expire(bucket, 90_000)
        if number % 8192 == 0:
            pipeline.execute()
    pipeline.execute()
    used = valkey.info("memory")["used_memory"] - before
    assert used / keys < KEY_BYTES * 1.1


def test_a_key_of_an_earlier_version_is_known(valkey) -> None:
    valkey.set("lgs:once:shop:old", "d 0-1764350000000-0 7", ex=3600)
    found = put(key="old")
    assert (found.is_new, found.receipt, found.lines) == (False, "0-1764350000000-0", 7)


def test_bodies_without_a_key_are_not_counted(valkey) -> None:
    put()
    assert not valkey.exists(KEPT_KEY)
    assert all(0 < valkey.ttl(name) <= 120 for name in valkey.keys("lgs:once:*"))
