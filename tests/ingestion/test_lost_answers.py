"""The queue did what it was asked and its answer got lost: nothing is done twice or left undone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from ingestion import queue, receipts
from ingestion.queue import scripts
from tests.environment import PASSWORD, VALKEY_PORT
from tests.ingestion.feeding import APPS, drain_all, messages
from tests.ingestion.feeding import put as put_lines
from tests.ingestion.proxies import Proxy, proxied
from tests.ingestion.test_queue import put
from tests.ingestion.test_quotas import counted

pytestmark = pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")


@pytest.fixture
def proxy(settings: Any, valkey: redis.Redis) -> Iterator[Proxy]:
    """The way to the queue."""
    with proxied(VALKEY_PORT) as proxy:
        settings.VALKEY_URL = f"redis://:{PASSWORD}@127.0.0.1:{proxy.port}/0"
        queue.client.cache_clear()
        yield proxy
        queue.client.cache_clear()


def digest(script: Any) -> bytes:
    return str(script.digest).encode()


@pytest.mark.parametrize("key", ["", "k"], ids=["bare", "with a key"])
def test_a_body_enters_once(proxy: Proxy, valkey: redis.Redis, key: str) -> None:
    put(b"before", key="other")
    put(b"before")
    proxy.cut_answer_to(digest(scripts.ENQUEUE if key else scripts.ENQUEUE_TOGETHER))
    lost = put(b"once", key=key)
    assert proxy.cuts == 1
    assert valkey.xlen("lgs:ingest:0") == 3
    assert queue.queued_entry(lost.receipt).entry.body == b"once"
    assert queue.backlog_bytes() == len(b"before") * 2 + len(b"once")


@pytest.mark.parametrize("step", ["read", "acknowledge"])
def test_a_group_is_stored_once(proxy: Proxy, valkey: redis.Redis, step: str) -> None:
    put_lines(b"first")
    drain_all()
    receipt = put_lines(b"one\ntwo")
    wanted = digest(scripts.READ) if step == "read" else scripts.ACK.source.encode()
    proxy.cut_answer_to(wanted)
    with pytest.raises(redis.ConnectionError):
        drain_all()
    assert proxy.cuts == 1
    valkey.delete("lgs:lease:0")
    drain_all()
    assert messages() == Counter(["first", "one", "two"])
    assert receipts.find_outcome(receipt, APPS).stored == 2
    assert counted("lines") == 3
    assert (queue.backlog_bytes(), valkey.hlen("lgs:intents:0")) == (0, 0)
