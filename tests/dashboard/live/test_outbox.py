"""What waits for a viewer is bounded, and what is lost is counted."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.outbox import GapCounter, Outbox


def records(*names: str) -> list[dict[str, str]]:
    return [{"message": name} for name in names]


def test_a_batch_is_one_frame_in_order_of_arrival() -> None:
    outbox = Outbox()
    outbox.add(records("a", "b"))
    outbox.add(records("c"), dropped=4)
    frame = orjson.loads(outbox.take().frame())
    assert frame == {"type": "logs", "dropped": 4, "records": records("a", "b", "c")}
    assert outbox.is_empty


def test_too_many_bytes_push_the_oldest_out() -> None:
    outbox = Outbox(max_bytes=100)
    outbox.add(records("x" * 60, "y" * 60))
    batch = outbox.take()
    assert batch.records == [orjson.dumps({"message": "y" * 60})]
    assert batch.dropped == 1


def test_one_record_larger_than_the_box_is_dropped_and_counted() -> None:
    outbox = Outbox(max_bytes=100)
    outbox.add(records("x" * 200))
    assert (outbox.waiting, outbox.dropped) == (0, 1)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.booleans()), max_size=30))
def test_sent_and_dropped_add_up_to_what_came(steps: list[tuple[int, int, bool]]) -> None:
    outbox = Outbox(max_records=20)
    came = sent = dropped = 0
    for count, lost, is_taken in steps:
        outbox.add(records(*map(str, range(count))), dropped=lost)
        came += count + lost
        assert outbox.waiting <= 20
        if is_taken:
            batch = outbox.take()
            sent, dropped = sent + len(batch.records), dropped + batch.dropped
    batch = outbox.take()
    assert sent + len(batch.records) + dropped + batch.dropped == came


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=40))
def test_the_gap_counter_finds_exactly_what_did_not_arrive(
    messages: list[tuple[int, bool]],
) -> None:
    gaps = GapCounter()
    gaps.missed("w", total=0, count=0)
    total = lost = found = 0
    for count, is_lost in [*messages, (1, False)]:
        if is_lost:
            lost += count
        else:
            found += gaps.missed("w", total=total, count=count)
        total += count
    assert found == lost


def test_a_worker_that_starts_anew_is_no_gap() -> None:
    gaps = GapCounter()
    assert gaps.missed("w", total=500, count=5) == 0
    assert gaps.missed("w", total=0, count=5) == 0
    assert gaps.missed("w", total=7, count=1) == 2
