"""Groups repeated after the engine forgot their token: it remembers only so many inserts."""

from collections import Counter
from collections.abc import Iterator

import pytest

from ingestion import drain, receipts
from ingestion.assemble import assemble
from ingestion.contracts import QueuedEntry
from storage import facade as storage
from storage.clickhouse import client
from tests.ingestion.feeding import APPS, drain_all, drain_and_die, make_entry, messages, put

pytestmark = pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")

TABLES = ("logs", "receipts", "quarantine")
# Lines of two days, so of two partitions, and one that cannot be read.
BODY = (
    b'{"message":"a","time":"2031-05-01T00:00:00Z"}\n'
    b'{"message":"b","time":"2031-05-02T00:00:00Z"}\n{"cut'
)


@pytest.fixture
def window() -> Iterator[None]:
    """The engine remembers three inserts."""
    for table in TABLES:
        client.run(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 3")
    yield
    for table in TABLES:
        client.run(
            f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 10000"
        )


def insert_others() -> None:
    """More inserts than the window holds."""
    for number in range(10):
        entry = make_entry(b'{"cut', lines=1, strict_json=True, app="bank")
        queued = QueuedEntry(shard=0, stream_id=f"9-{number}", entry=entry)
        plain = QueuedEntry(shard=0, stream_id=f"8-{number}", entry=make_entry(b"x", app="bank"))
        part = assemble([queued, plain])
        drain.write_records(part, token=f"other {number}")
        drain.write_books(part, token=f"other {number}")


def die_before_acknowledging(monkeypatch: pytest.MonkeyPatch) -> str:
    receipt = put(BODY, strict_json=True)
    drain_and_die(monkeypatch)
    insert_others()
    return receipt


def rejects() -> int:
    return storage.count_rejects(storage.RejectQuery(apps=APPS))


def test_a_repeat_after_that_stores_nothing_twice(window: None, monkeypatch) -> None:
    receipt = die_before_acknowledging(monkeypatch)
    assert drain_all() == 1
    assert messages() == Counter(["a", "b"])
    assert rejects() == 1
    page = storage.list_receipts(storage.ReceiptQuery(apps=APPS), limit=10)
    assert [row["receipt"] for row in page.receipts] == [receipt]
    outcome = receipts.find_outcome(receipt, APPS)
    assert (outcome.received, outcome.stored, outcome.quarantined) == (3, 2, 1)


def test_the_token_alone_would_not_do(window: None, monkeypatch) -> None:
    """What the test above would miss if the window were wider than it thinks."""
    die_before_acknowledging(monkeypatch)
    monkeypatch.setattr(storage, "without_stored", lambda frame: frame)
    drain_all()
    assert messages() == Counter({"a": 2, "b": 2})


def test_what_is_missing_of_a_group_is_added(window: None, monkeypatch) -> None:
    """An insert over several days may have been cut between two of them."""
    receipt = die_before_acknowledging(monkeypatch)
    client.run("ALTER TABLE logs DROP PARTITION '2031-05-02'")
    client.run("TRUNCATE TABLE receipts")
    assert drain_all() == 1
    assert messages() == Counter(["a", "b"])
    assert rejects() == 1
    assert receipts.find_outcome(receipt, APPS).stored == 2


@pytest.mark.parametrize("table", ["logs", "quarantine", "receipts"])
def test_an_insert_that_is_tried_again_at_once_looks_first(
    window: None, table, monkeypatch
) -> None:
    """Its answer was lost, and the engine could not write down its token: the disk was full."""
    insert, tries = client.insert, []

    def insert_and_lose_the_answer(into: str, *given: object, **named: object) -> None:
        insert(into, *given, **named)
        if into == table and not tries:
            tries.append(into)
            insert_others()
            raise storage.StoreUnavailable

    monkeypatch.setattr(client, "insert", insert_and_lose_the_answer)
    receipt = put(BODY, strict_json=True)
    assert drain_all() == 1
    assert tries == [table]
    assert (messages(), rejects()) == (Counter(["a", "b"]), 1)
    page = storage.list_receipts(storage.ReceiptQuery(apps=APPS), limit=10)
    assert [row["receipt"] for row in page.receipts] == [receipt]
