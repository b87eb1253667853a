"""Live tails: what a worker stores reaches exactly those who watch it."""

import asyncio
from uuid import UUID

import pytest
from channels.layers import channel_layers, get_channel_layer

from ingestion import queue, tail
from ingestion.assemble import assemble
from ingestion.contracts import QueuedEntry
from logplatform.kernel.errors import PlatformError
from tests.ingestion.feeding import make_entry

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def watch():
    """watch(app, q) → a function that returns the next message for that subscription."""
    # Locks of a layer belong to the event loop that used it first.
    channel_layers.backends.clear()
    runner = asyncio.Runner()

    def subscribe(app: str, q: str):
        group = runner.run(tail.subscribe(app, q))
        layer = get_channel_layer()
        channel = runner.run(layer.new_channel())
        runner.run(layer.group_add(group, channel))

        def next_message(timeout_s: float = 2):
            async def receive():
                async with asyncio.timeout(timeout_s):
                    return await layer.receive(channel)

            return runner.run(receive())

        return next_message

    yield subscribe
    runner.close()
    channel_layers.backends.clear()


def publish(body: bytes, app: str = "shop", stream_id: str = "1-0") -> None:
    entry = make_entry(body, app=app, lines=body.count(b"\n") + 1)
    tail.publish(assemble([QueuedEntry(shard=0, stream_id=stream_id, entry=entry)]).records)


def test_a_watcher_gets_its_matches_only(watch) -> None:
    everything, errors = watch("shop", ""), watch("shop", "level:error")
    publish(b'{"level":"info","message":"fine"}\n{"level":"error","message":"boom"}')
    assert [record["message"] for record in everything()["records"]] == ["fine", "boom"]
    assert [record["message"] for record in errors()["records"]] == ["boom"]


def test_lines_of_another_app_never_arrive(watch) -> None:
    mine = watch("shop", "")
    publish(b'{"message":"secret"}', app="bank")
    with pytest.raises(TimeoutError):
        mine(0.3)


def test_messages_count_what_came_before_and_what_they_leave_out(watch, monkeypatch) -> None:
    monkeypatch.setattr(tail, "MAX_RECORDS", 2)
    messages = watch("shop", "counted")
    publish(b"counted 1\ncounted 2\ncounted 3")
    publish(b"counted 4", stream_id="2-0")
    first, second = messages(), messages()
    assert (len(first["records"]), first["dropped"]) == (2, 1)
    assert second["total"] - first["total"] == 3
    assert first["origin"] == second["origin"]


def test_records_have_the_ids_they_are_stored_under(watch, clickhouse) -> None:
    from storage import facade as storage

    messages = watch("shop", "")
    entry = make_entry(b'{"message":"one"}')
    part = assemble([QueuedEntry(shard=0, stream_id="3-0", entry=entry)])
    storage.write_logs(part.records, token="t")
    tail.publish(part.records)
    record = messages()["records"][0]
    assert storage.get_log(("shop",), UUID(record["id"])) == record


def test_a_forgotten_subscription_ends(watch, valkey) -> None:
    messages = watch("shop", "")
    valkey.hset("lgs:tail:shop", "", "1")
    publish(b"unheard")
    assert valkey.hlen("lgs:tail:shop") == 0
    with pytest.raises(TimeoutError):
        messages(0.2)


def test_an_unreadable_query_is_refused_at_once() -> None:
    with pytest.raises(PlatformError) as caught:
        asyncio.run(tail.subscribe("shop", '"unbalanced'))
    assert caught.value.status == 400


def test_group_names_keep_apps_apart() -> None:
    assert tail.group_name("a", "b") != tail.group_name("ab", "")


def test_a_broken_queue_costs_only_the_tail(settings) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    queue.client.cache_clear()
    try:
        publish(b"stored anyway")
    finally:
        queue.client.cache_clear()
