"""Lines that go on with the line before, from the door's settings to the receipts."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import drain, intake, queue, receipts
from ingestion.assemble import Assembled, assemble
from ingestion.authentication import identity_of
from ingestion.contracts import QueuedEntry
from ingestion.keys import parse_key
from tests.factories import make_app, make_key, make_source
from tests.ingestion.feeding import APPS, drain_all, make_entry, messages, put

_BOTH = pytest.mark.usefixtures("one_shard", "valkey", "clickhouse")


@_BOTH
def test_a_trace_across_bodies_is_one_record_and_the_receipts_add_up() -> None:
    first = put(b"ERROR boom\n  at a", multiline=True)
    second = put(b"  at b\nINFO fine", multiline=True)
    assert drain_all() == 2
    assert messages() == Counter(["ERROR boom\n  at a\n  at b", "INFO fine"])
    for receipt in (first, second):
        outcome = receipts.find_outcome(receipt, APPS)
        assert (outcome.received, outcome.stored, outcome.joined) == (2, 2, 1)
        assert receipts.describe(receipt, APPS)["joined"] == 1


@_BOTH
def test_a_group_stored_again_is_joined_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    put(b"ERROR boom\n  at a", multiline=True)
    put(b"  at b", multiline=True)
    acknowledge = queue.ShardLease.acknowledge

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(queue.ShardLease, "acknowledge", die)
    with pytest.raises(KeyboardInterrupt):
        drain_all()
    monkeypatch.setattr(queue.ShardLease, "acknowledge", acknowledge)
    put(b"  at c", multiline=True)
    drain_all()
    # What came after the group was closed stands for itself.
    assert messages() == Counter(["ERROR boom\n  at a\n  at b", "  at c"])


@_BOTH
def test_a_request_that_waits_is_told() -> None:
    receipt = put(b"ERROR boom\n  at a", multiline=True, wants_result=True)
    drain.drain_shard(0, idle_s=0.05)
    assert json.loads(queue.wait_for_result(receipt, timeout_s=5) or "{}")["joined"] == 1


def assembled(*bodies: bytes, **changes: list[object]) -> Assembled:
    """A group of bodies; `changes` hold one value a body."""
    entries = [
        make_entry(
            body,
            **{
                "lines": len(body.split(b"\n")),
                "multiline": True,
                **{name: values[number] for name, values in changes.items()},
            },
        )
        for number, body in enumerate(bodies)
    ]
    return assemble(
        [QueuedEntry(shard=0, stream_id=f"{n}-0", entry=each) for n, each in enumerate(entries)]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"source": ["a", "b", "a"]},
        {"app": ["a", "b", "a"]},
        {"key_id": [1, 2, 1]},
    ],
)
def test_only_bodies_of_one_sender_go_on(changes: dict[str, list[object]]) -> None:
    found = assembled(b"one", b"  two", b"  three", **changes)
    assert sorted(found.records["message"]) == ["  two", "one\n  three"]
    assert {row["receipt"]: row["joined"] for row in found.receipts} == {
        "0-0-0": 0,
        "0-1-0": 0,
        "0-2-0": 1,
    }
    for name in set(changes) - {"key_id"}:
        kept = dict(found.records.select("message", name).rows())
        assert kept == {"one\n  three": "a", "  two": "b"}


def test_off_and_bodies_of_before_are_kept_apart() -> None:
    assert len(assembled(b"one\n  two", multiline=[False]).records) == 2
    old = json.loads(queue.dump_head(make_entry(b"x", lines=1)))
    del old["multiline"]
    assert not queue.load_entry(0, "1-0", json.dumps(old), b"x").entry.multiline


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b"one", b"  two", b"\tthree", b"Caused by: x", b'{"message": "m"}', b"}"]),
        min_size=1,
        max_size=12,
    ),
    cut=st.integers(1, 11),
)
def test_bodies_cut_anywhere_give_the_same_records(lines: list[bytes], cut: int) -> None:
    """Within a group."""
    whole = assembled(b"\n".join(lines))
    parts = [part for part in (lines[:cut], lines[cut:]) if part]
    split = assembled(*(b"\n".join(part) for part in parts))
    assert split.records["message"].to_list() == whole.records["message"].to_list()
    for row in (*whole.receipts, *split.receipts):
        assert row["received"] == row["stored"] + row["duplicate"] + row["quarantined"]
    joined = sum(row["joined"] for row in split.receipts)
    assert joined == len(lines) - len(split.records)


@_BOTH
@pytest.mark.django_db
@pytest.mark.parametrize("multiline", ["auto", "off"])
def test_the_setting_of_the_source_decides(multiline: str) -> None:
    source = make_source(make_app(), multiline=multiline)
    _, text = make_key(source)
    identity = identity_of(parse_key(text))
    assert identity.multiline is (multiline == "auto")
    sent = intake.IncomingBody(
        body=b"one\n  two", content_type="text/plain", encoding="", idempotency_key="", format="",
        wants_result=False,
    )  # fmt: skip
    intake.accept_body(identity, "native", sent)
    drain_all()
    assert len(messages()) == (1 if multiline == "auto" else 2)
