"""The clock of a web process or worker is set while it runs: bodies are taken and stored."""

from datetime import timedelta

import pytest

from ingestion import queue, receipts
from ingestion.ledger.reconcile import settled_until
from logplatform.kernel import clock
from tests import factories
from tests.ingestion.feeding import drain_all
from tests.ingestion.test_door import send_to_door
from tests.ingestion.test_metrics import value

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps_an_hour_keeps_nobody_out_and_loses_nothing(hours: int) -> None:
    tenant = factories.make_roles().a
    taken = [send_to_door([b"before"], key=tenant.ingest_key)]
    with clock.frozen(clock.now() + timedelta(hours=hours)):
        taken.append(send_to_door([b"meanwhile"], key=tenant.ingest_key))
        state = queue.shard_states(clock.now())[0]
        assert state.oldest_age_s is not None
        assert state.oldest_age_s >= 0
        settled_until(clock.now())
        assert drain_all() == 2
    taken.append(send_to_door([b"after"], key=tenant.ingest_key))
    assert drain_all() == 1
    assert [answer[0] for answer in taken] == [202] * 3
    for _, _, answer in taken:
        assert receipts.find_outcome(answer["receipt"], ("alpha",)).stored == 1
    assert value("logplatform_queue_oldest_age_seconds") == 0


def test_an_expired_key_stays_out_by_the_wall_clock() -> None:
    source = factories.make_roles().a.source
    _, plaintext = factories.make_key(
        source, ("ingest",), expires_at=clock.now() + timedelta(minutes=30)
    )
    assert send_to_door([b"a"], key=plaintext)[0] == 202
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert send_to_door([b"a"], key=plaintext)[0] == 401
    assert send_to_door([b"a"], key=plaintext)[0] == 202
