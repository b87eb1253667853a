"""Many short lines: taken within bounds, refused beyond them."""

import resource
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ingestion import drain, queue, receipts
from logplatform.kernel import clock
from tests import factories
from tests.ingestion import feeding
from tests.ingestion.test_door import send_to_door
from tests.ingestion.test_queue import put

pytestmark = [
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
    pytest.mark.timeout(300),
]
MB = 1 << 20


def test_short_lines_count_for_what_they_cost_in_a_group(lease) -> None:
    for _ in range(4):
        put(b"x", size=200_000, lines=100_000)
    put(b"x", size=200_000, lines=1)
    assert [len(lease.read(max_bytes=24 * MB).entries) for _ in range(2)] == [2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_million_lines_of_one_byte_are_taken_within_bounds() -> None:
    tenant = factories.make_roles().a
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    status, _, answer = send_to_door([b"a\n" * 1_000_000], key=tenant.ingest_key)
    assert (status, answer["accepted"]) == (202, 1_000_000)
    drain.drain_shard(0, idle_s=0.05)
    outcome = receipts.find_outcome(answer["receipt"], ("alpha",))
    assert (outcome.received, outcome.stored) == (1_000_000, 1_000_000)
    taken_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before_mb
    assert taken_mb < 1200


@pytest.mark.django_db(transaction=True)
def test_more_lines_than_a_worker_takes_are_refused(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, max_body_lines=3)
    key = factories.make_roles().a.ingest_key
    assert send_to_door([b"a\nb\nc"], key=key)[0] == 202
    status, _, answer = send_to_door([b"a\nb\nc\nd"], key=key)
    assert (status, answer["error"]["code"]) == (413, "too_many_lines")
    assert answer["error"]["data"] == {"lines": 4, "limit": 3}
    assert sum(state.entries for state in queue.shard_states(clock.now())) == 1


def test_lines_of_more_days_than_an_insert_may_touch_are_stored() -> None:
    """A sender whose clock is anywhere spoils neither its own lines nor those of others."""
    first = date(2020, 1, 1)
    days = [first + timedelta(days=number) for number in range(130)]
    body = b"\n".join(
        b'{"message":"old","time":"%sT00:00:00Z"}' % str(day).encode() for day in days
    )
    receipt = feeding.put(body, strict_json=True)
    feeding.put(b"of today")
    assert feeding.drain_all() == 2
    assert feeding.messages() == {"old": 130, "of today": 1}
    assert receipts.find_outcome(receipt, feeding.APPS).stored == 130
