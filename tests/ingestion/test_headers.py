"""Headers of tables, from one body of a sender to the next."""

from collections import Counter

import pytest
import redis

from ingestion import headers, queue
from ingestion.authentication import identity_of
from ingestion.keys import parse_key
from ingestion.models import Source
from storage import facade as storage
from tests.factories import Tenant
from tests.ingestion.feeding import drain_all, drain_and_die, send

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
]


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """Its source sends CSV."""
    Source.objects.filter(pk=tenant.source.pk).update(format="csv")
    headers._known.clear()
    return tenant


def stored(tenant: Tenant) -> Counter:
    query = storage.LogQuery(apps=(tenant.app.slug,))
    records = storage.search_logs(query, limit=100).records
    return Counter((each["level"], each["message"]) for each in records)


def refused(tenant: Tenant) -> list[str]:
    rows = storage.list_rejects(storage.RejectQuery(apps=(tenant.app.slug,))).lines
    return sorted(row["reason_code"] for row in rows)


def test_rows_of_later_bodies_are_read_by_the_header_of_the_first(tenant: Tenant) -> None:
    send(tenant, b"level,message\nWARN,one")
    send(tenant, b"ERROR,two\nERROR,two,much")
    send(tenant, b"message,level\nthree,FATAL")
    send(tenant, b"four,DEBUG")
    drain_all()
    rows = stored(tenant)
    assert rows[("WARN", "one")] == rows[("ERROR", "two")] == 1
    assert rows[("FATAL", "three")] == rows[("DEBUG", "four")] == 1
    assert refused(tenant) == ["column_count"]


def test_a_body_stored_again_keeps_the_header_it_came_with(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tenant, b"level,message\nWARN,one")
    send(tenant, b"ERROR,two")
    drain_and_die(monkeypatch)
    send(tenant, b"message,level\nthree,FATAL")
    drain_all()
    rows = stored(tenant)
    assert (rows[("ERROR", "two")], rows[("FATAL", "three")]) == (1, 1)
    assert refused(tenant) == []


def test_without_a_header_rows_are_quarantined(tenant: Tenant) -> None:
    send(tenant, b"1,2")
    drain_all()
    assert refused(tenant) == ["no_header"]


def test_while_the_queue_is_away_the_process_remembers(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = parse_key(tenant.ingest_key)
    identity = identity_of(key) if key else None
    assert identity is not None
    assert headers.header_of(identity, "csv", b"level,message\n") == "level,message"

    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(queue, "client", away)
    assert headers.header_of(identity, "csv", b"WARN,x\n") == "level,message"
    assert headers.header_of(identity, "json,text", b"a,b\n") == ""
