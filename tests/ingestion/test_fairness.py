"""Sources take turns at a shard: a deep backlog of one holds up no other, each stays in order."""

import json
import random
from collections import defaultdict

import pytest

from ingestion import drain, queue
from tests.ingestion.feeding import make_entry, messages
from tests.ingestion.test_queue import pending, put

pytestmark = pytest.mark.usefixtures("valkey")

MB = 1 << 20


def sources_of(group: queue.Group) -> list[str]:
    return [item.entry.source for item in group.entries]


def read_all(lease: queue.ShardLease, max_bytes: int) -> list[queue.Group]:
    groups = []
    while group := lease.read(max_bytes=max_bytes):
        groups.append(group)
    return groups


def test_a_quiet_source_is_in_the_next_group_whatever_lies_before_it(lease) -> None:
    """Hundreds of megabytes wait: the next group after the quiet body came has it."""
    for _ in range(150):
        put(b"x" * 1000, source="noisy", size=2 * MB)
    assert set(sources_of(lease.read(max_bytes=48 * MB))) == {"noisy"}
    put(b"hello", source="quiet")
    assert "quiet" in sources_of(lease.read(max_bytes=48 * MB))


def test_many_small_bodies_of_one_source_do_not_fill_the_group(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease.MAX_ENTRIES", 50)
    for number in range(120):
        put(b"%d" % number, source="noisy")
    put(b"hello", source="quiet")
    first = sources_of(lease.read(max_bytes=MB))
    assert (len(first), first.count("quiet")) == (50, 1)


def test_busy_sources_share_alike_however_large_their_bodies_are(lease) -> None:
    for _ in range(40):
        put(b"a", source="large", size=7 * MB)
    for _ in range(400):
        put(b"b", source="small", size=MB // 2)
    taken: dict[str, int] = defaultdict(int)
    for _ in range(6):
        for item in lease.read(max_bytes=16 * MB).entries:
            taken[item.entry.source] += item.entry.size
    assert abs(taken["large"] - taken["small"]) <= 16 * MB, taken


def test_what_one_source_leaves_free_another_uses(lease) -> None:
    for _ in range(30):
        put(b"a", source="noisy", size=MB)
    put(b"b", source="quiet", size=100)
    assert len(lease.read(max_bytes=20 * MB).entries) == 20


def test_every_source_stays_in_its_order_and_nothing_is_left_or_doubled(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease._LEAST_SHARE_BYTES", 100)
    monkeypatch.setattr("ingestion.queue.lease._LEAST_SHARE_ENTRIES", 2)
    dice = random.Random(7)
    sent = defaultdict(list)
    for number in range(300):
        source = dice.choice(["a", "b", "c", "d"])
        sent[source].append(b"%d" % number)
        put(b"%d" % number, source=source, size=dice.choice([1, 50, 900]))
    taken = defaultdict(list)
    for group in read_all(lease, 1000):
        for item in group.entries:
            taken[item.entry.source].append(item.entry.body)
    assert taken == sent


def test_an_entry_larger_than_the_budget_comes_alone(lease) -> None:
    put(b"small", size=10)
    put(b"huge", size=500)
    put(b"small", size=10)
    assert [len(group.entries) for group in read_all(lease, 100)] == [1, 1, 1]


def test_a_source_that_caught_up_owes_nothing(lease, valkey) -> None:
    put(b"huge", source="a", size=64 * MB)
    put(b"b", source="b", size=MB)
    read_all(lease, 48 * MB)
    assert valkey.keys("lgs:debts:*") == valkey.keys("lgs:lane:*") == []
    assert not valkey.exists("lgs:ring:0")


def test_groups_of_mixed_sources_are_rebuilt_exactly_in_their_order(lease, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.queue.lease.MAX_ENTRIES", 8)
    for number in range(30):
        put(b"%d" % number, source="abc"[number % 3])
    groups = read_all(lease, MB)
    lease.release()
    successor = queue.ShardLease(0)
    assert successor.acquire()
    assert pending(successor) == groups
    assert len(groups) == 4
    successor.release()


def test_entries_of_an_earlier_version_are_taken_over_once(lease, valkey) -> None:
    """It had a consumer group and no lanes; one group of its entries was saved, not stored."""
    lease.release()
    for number in range(4):
        put(b"%d" % number, source="ab"[number % 2])
    ids = [row[0].decode() for row in valkey.xrange(queue.stream_key(0))]
    for key in [*valkey.keys("lgs:lane:*"), "lgs:ring:0"]:
        valkey.delete(key)
    valkey.xgroup_create(queue.stream_key(0), "drain", id="0")
    valkey.hset("lgs:intents:0", f"0:{ids[0]}:{ids[1]}", json.dumps(ids[:2]))
    put(b"4")  # a new web process was faster than the new worker
    assert lease.acquire()
    (old,) = pending(lease)
    assert [item.entry.body for item in old.entries] == [b"0", b"1"]
    assert [len(group.entries) for group in read_all(lease, MB)] == [3]
    lease.release()
    assert lease.acquire()
    assert lease.read(max_bytes=MB) is None


def test_entries_removed_by_hand_are_passed_over(lease, valkey) -> None:
    for _ in range(3):
        put()
    valkey.xtrim(queue.stream_key(0), maxlen=1, approximate=False)
    assert [len(group.entries) for group in read_all(lease, MB)] == [1]


@pytest.mark.usefixtures("one_shard", "clickhouse")
def test_lines_of_a_quiet_source_are_searchable_while_a_noisy_one_waits(monkeypatch) -> None:
    """Counted in groups, not in seconds: one group after it came, the line can be found."""
    for number in range(200):
        put(b"noise %d" % number, source="noisy", size=2 * MB)
    seen: list[int] = []
    store = drain.store_group

    def store_and_look(lease: queue.ShardLease, group: queue.Group) -> None:
        store(lease, group)
        seen.append(messages()["hello"])
        if len(seen) == 1:
            put(b"hello", source="quiet")

    monkeypatch.setattr(drain, "store_group", store_and_look)
    drain.drain_shard(0, idle_s=0.05)
    assert seen[:3] == [0, 1, 1]
    assert len(seen) > 5


def test_the_head_of_an_entry_names_its_lane() -> None:
    """What the take-over of an earlier version reads."""
    head = json.loads(queue.dump_head(make_entry()))
    assert (head["app"], head["source"], head["size"]) == ("shop", "web", 6)
