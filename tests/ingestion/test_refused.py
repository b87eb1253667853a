"""Whatever a body is refused for, nothing of it is queued, stored or set aside."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingestion import queue, watch
from storage import facade as storage
from tests.factories import Tenant
from tests.ingestion.feeding import drain_all
from tests.ingestion.test_door import send_to_door
from tests.ingestion.test_quotas import limit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"),
]

LINE = b'{"message":"must not be stored"}'
LIMIT = 1000

# What is said of a line that would be taken otherwise; `env` and `source` are settings.
CASES: dict[str, dict[str, Any]] = {
    "no key": {"status": 401, "key": ""},
    "no such key": {"status": 401, "key": "lgs_0000000000_x"},
    "announced too large": {"status": 413, "headers": {"content-length": f"{LIMIT + 1}"}},
    "too large": {"status": 413, "chunks": [LINE * 20, LINE * 20]},
    "too large inside": {
        "status": 413,
        "chunks": [gzip.compress(LINE * 100)],
        "headers": {"content-encoding": "gzip"},
    },
    "too many lines": {"status": 413, "chunks": [b"a\n" * 11]},
    "torn": {"status": 400, "ends": False},
    "shorter than announced": {"status": 400, "headers": {"content-length": "500"}},
    "two lengths": {"status": 400, "headers": {"content-length": "5, 33"}},
    "no gzip": {"status": 400, "headers": {"content-encoding": "gzip"}},
    "no such encoding": {"status": 415, "headers": {"content-encoding": "br"}},
    "no such type": {"status": 415, "headers": {"content-type": "multipart/form-data"}},
    "nothing": {"status": 400, "chunks": []},
    "no JSON": {
        "status": 400,
        "chunks": [b'{"cut'],
        "headers": {"content-type": "application/json"},
    },
    "no such format": {"status": 400, "query": b"format=nope"},
    "no such parameter": {"status": 400, "query": b"formatt=json"},
    "an unusable Idempotency-Key": {"status": 400, "headers": {"idempotency-key": " "}},
    "over its quota": {"status": 429, "source": {"daily_bytes": 1}},
    "a full backlog": {"status": 503, "env": {"queue_max_bytes": 1}},
    "no room for keys": {
        "status": 503,
        "headers": {"idempotency-key": "k"},
        "env": {"idempotency_max_bytes": 1},
    },
    "a full disk": {"status": 503, "env": {"min_free_bytes": 1 << 60}},
}


@pytest.fixture
def given(settings: Any) -> Iterator[Callable[..., None]]:
    """Sets what the door may take, and lets it notice; as before afterwards."""
    env = settings.ENV

    def give(**bounds: int) -> None:
        settings.ENV = replace(env, **bounds)
        watch.do_chores()

    yield give
    give()


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_a_refused_body_is_anywhere(
    tenant: Tenant, given: Callable[..., None], name: str
) -> None:
    sent = {"chunks": [LINE], "key": tenant.ingest_key, **CASES[name]}
    status, bounds, quota = (sent.pop(part, {}) for part in ("status", "env", "source"))
    small = {"max_body_bytes": LIMIT, "max_decompressed_bytes": LIMIT, "max_body_lines": 10}
    given(**small, **bounds)
    if quota:
        limit(tenant.source, **quota)
    answer = send_to_door(**sent)
    assert answer[0] == status, answer
    assert {"code", "message", "hint", "data", "request_id"} == set(answer[2]["error"])
    assert ("retry-after" in answer[1]) == (status in (429, 503)), "who may come again is told"
    assert_nothing_is_there(tenant)


def test_nor_of_one_whose_key_may_not_send_or_whose_idempotency_key_was_used(
    tenant: Tenant,
) -> None:
    assert send_to_door([LINE], key=tenant.query_key)[0] == 403
    assert_nothing_is_there(tenant)
    keyed = {"idempotency-key": "k"}
    assert send_to_door([b"first"], key=tenant.ingest_key, headers=keyed)[0] == 202
    assert send_to_door([LINE], key=tenant.ingest_key, headers=keyed)[0] == 422
    assert drain_all() == 1
    assert storage.count_logs(storage.LogQuery(apps=(tenant.app.slug,))) == 1


def assert_nothing_is_there(tenant: Tenant) -> None:
    assert (queue.backlog_bytes(), drain_all()) == (0, 0)
    assert not storage.holds_app(tenant.app.slug)
