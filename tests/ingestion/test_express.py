"""The express lane: the same answers as the view, in one round trip for all who come together."""

import asyncio

import pytest
import redis

from ingestion import queue
from ingestion.authentication import forget_cached_keys, identity_of
from ingestion.contracts import Accepted
from ingestion.express import ExpressLane, Refused
from ingestion.keys import parse_key
from ingestion.queue import producer, script
from ingestion.queue.script import NotSent
from logplatform.kernel import clock
from tests.ingestion.test_door import send_to_door

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("valkey", "clickhouse"),
]
LINE = b'{"message": "one"}'


@pytest.fixture
def known_key(tenant) -> str:
    """A key that was used a moment ago."""
    assert identity_of(parse_key(tenant.ingest_key))
    return tenant.ingest_key


def take(key: str, *bodies: bytes, **headers: str):
    """Send bodies at the same moment."""
    named = {"authorization": f"Bearer {key}"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}

    async def together():
        lane = ExpressLane()
        return await asyncio.gather(*(lane.take("native", named, body) for body in bodies))

    return asyncio.run(together())


def queued() -> int:
    return sum(state.entries for state in queue.shard_states(clock.now()))


def test_bodies_that_come_together_share_round_trips(known_key, monkeypatch) -> None:
    trips = []
    exchange = script._exchange

    def counted(connection, calls):
        trips.append(len(calls))
        return exchange(connection, calls)

    take(known_key, LINE)
    monkeypatch.setattr(script, "_exchange", counted)
    taken = take(known_key, *[b'{"n": %d}' % n for n in range(50)])
    assert len({one.receipt for one in taken if isinstance(one, Accepted)}) == 50
    assert trips == [1]
    assert queued() == 51


def test_large_bodies_go_together_up_to_a_bound(known_key, monkeypatch) -> None:
    """Nine of 1.5 MB: the first alone, the others as far as 8 MiB go."""
    sizes = []
    run_all = producer.run_all

    def weighed(client, calls):
        sizes.append(sum(len(arg) for call in calls for arg in call.args if isinstance(arg, bytes)))
        return run_all(client, calls)

    monkeypatch.setattr(producer, "run_all", weighed)
    taken = take(known_key, *[b'{"n": %d}\n' % n * 150_000 for n in range(9)])
    assert [one.lines for one in taken if isinstance(one, Accepted)] == [150_000] * 9
    assert queued() == 9
    assert max(sizes) < (8 << 20) + 9 * 1000


def test_the_same_idempotency_key_at_the_same_moment_is_one_body(known_key) -> None:
    taken = take(known_key, *[LINE] * 20, idempotency_key="once")
    assert len({one.receipt for one in taken}) == 1
    assert sum(one.is_new for one in taken) == 1
    assert queued() == 1


def test_one_refused_body_does_not_harm_the_others(known_key) -> None:
    taken = take(known_key, LINE, b'{"message": "two"}', LINE, idempotency_key="mixed")
    refused = [one for one in taken if isinstance(one, Refused)]
    assert [one.error.code for one in refused] == ["idempotency_mismatch"]
    assert queued() == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"[1, 2", {"content_type": "application/json"}),
        (LINE, {"content_encoding": "gzip"}),
        (LINE, {"content_type": "image/png"}),
        (LINE, {"idempotency_key": "\x7f"}),
        (LINE, {"authorization": "Bearer nonsense"}),
        (LINE, {"authorization": "Basic abc"}),
    ],
)
def test_what_is_not_plain_is_left_to_the_view(known_key, body, headers) -> None:
    assert take(known_key, body, **headers) == [None]
    assert queued() == 0


def test_a_key_that_nobody_asked_the_database_about_is_left_to_the_view(known_key) -> None:
    forget_cached_keys()
    assert take(known_key, LINE) == [None]


def test_a_key_without_the_scope_is_left_to_the_view(tenant) -> None:
    assert identity_of(parse_key(tenant.query_key))
    assert take(tenant.query_key, LINE) == [None]


def test_without_the_queue_the_view_decides(known_key, monkeypatch) -> None:
    def unreachable(*_):
        raise NotSent("away")

    monkeypatch.setattr(producer, "run_all", unreachable)
    assert take(known_key, LINE) == [None]


def test_a_lost_answer_is_asked_for_again_and_stored_once(known_key, monkeypatch) -> None:
    exchange = script._exchange
    trips = []

    def lose_the_first(connection, calls):
        answers = exchange(connection, calls)
        trips.append(len(calls))
        if len(trips) == 1:
            raise redis.ConnectionError("cut")
        return answers

    monkeypatch.setattr(script, "_exchange", lose_the_first)
    taken = take(known_key, LINE, LINE)
    monkeypatch.undo()
    assert len({one.receipt for one in taken}) == 2
    assert queued() == 2


def test_a_server_that_forgot_the_script_learns_it_again(known_key) -> None:
    queue.client().script_flush()
    assert all(isinstance(one, Accepted) for one in take(known_key, LINE, LINE))


@pytest.mark.parametrize("request_id", ["abcdefgh-1", "no good", ""])
def test_both_ways_answer_alike(tenant, request_id) -> None:
    """The first post of a key goes through the view, the second takes the lane."""
    forget_cached_keys()
    both = [
        send_to_door([LINE], key=tenant.ingest_key, headers={"x-request-id": request_id})
        for _ in range(2)
    ]
    for status, headers, answer in both:
        assert status == 202
        assert headers["x-receipt-id"] == answer["receipt"]
        assert (headers["x-request-id"] == request_id) is (request_id == "abcdefgh-1")
        assert (answer["accepted"], answer["backend"]) == (1, "queue")
    assert {len(answer) for _, _, answer in both} == {3}
