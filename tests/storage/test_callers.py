"""Whose limits a query has, and that it ends when they leave."""

import threading
from collections.abc import Iterator

import pytest

from logplatform.kernel.presence import Presence, asker
from logplatform.kernel.query_limits import QueryLimits
from storage.callers import Caller, CallerLeft, caller_scope, set_caller
from storage.clickhouse import client
from storage.clickhouse.error_codes import QueryTooExpensive, StoreUnavailable
from tests.services import wait_until

pytestmark = pytest.mark.usefixtures("clickhouse")

ENDLESS = "SELECT count() AS n FROM numbers(1000000000000) WHERE sipHash64(number) = 3"
RUNNING = "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number) = 3%'"


@pytest.fixture
def presence() -> Iterator[Presence]:
    """Somebody who asks, as the door has it."""
    presence = Presence()
    token = asker.set(presence)
    yield presence
    asker.reset(token)


def test_a_query_is_cancelled_when_the_one_who_asks_leaves(presence: Presence) -> None:
    def leave() -> None:
        wait_until(lambda: client.fetch(RUNNING)[0]["n"] > 1, 15)
        presence.leave()

    leaving = threading.Thread(target=leave)
    leaving.start()
    with pytest.raises(StoreUnavailable):
        client.fetch(ENDLESS, max_execution_time=60)
    leaving.join()
    with pytest.raises(CallerLeft):
        client.fetch("SELECT 1 AS n")


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (QueryLimits(rows=1_000), "rows read"),
        (QueryLimits(seconds=1), "time"),
        (QueryLimits(bytes=1_000), "bytes read"),
    ],
)
def test_a_query_has_the_limits_of_who_asks(limits: QueryLimits, what: str) -> None:
    with caller_scope():
        set_caller(Caller(name="key:1", limits=limits))
        with pytest.raises(QueryTooExpensive) as refused:
            client.fetch(ENDLESS)
    assert refused.value.data == {"limit": what}
    with caller_scope():
        assert client.fetch("SELECT 1 AS n") == [{"n": 1}]
