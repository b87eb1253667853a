"""Ids: stable, unique, ordered, and telling their own time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from storage.ids import LATER, record_time_range, sequences, with_ids
from storage.query.instants import epoch_ns
from tests.storage.records import AT, ids_of, make_frame

MOMENTS = st.integers(-(2**60), 2**62).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us // 1000)
)


@given(MOMENTS, st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_an_id_is_a_version_7_uuid_that_tells_its_time(
    moment: datetime, key: int, line: int
) -> None:
    row = {"timestamp": moment, "entry_key": key, "sequence": line}
    record_id = UUID(ids_of(make_frame([row]))[0])
    assert (record_id.version, record_id.variant) == (7, "specified in RFC 4122")
    span = record_time_range(record_id)
    assert span is not None
    assert span[0] <= epoch_ns(moment) < span[1] or epoch_ns(moment) < 0
    assert record_id.int & 0xFFFFFFFF == line


def test_the_same_line_of_the_same_request_always_has_the_same_id() -> None:
    rows = [{"message": "x"}] * 3
    first, again = (ids_of(make_frame(rows, entry_key=5)) for _ in range(2))
    assert first == again
    assert len(set(first)) == 3
    assert sorted(first) == first
    assert not set(first) & set(ids_of(make_frame(rows, entry_key=6)))


def test_ids_sort_by_event_time() -> None:
    rows = [{"timestamp": AT + timedelta(milliseconds=n)} for n in range(5)]
    assert ids_of(make_frame(rows)) == sorted(ids_of(make_frame(rows)))


def test_ids_of_other_makers_have_no_time() -> None:
    assert record_time_range(UUID(int=0)) is None


def test_ids_are_added_once() -> None:
    frame = with_ids(make_frame([{}]))
    assert with_ids(frame) is frame


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5_000_000)), max_size=40))
def test_a_sequence_counts_the_records_of_a_request_and_a_millisecond(
    rows: list[tuple[int, int]],
) -> None:
    rows.sort(key=lambda row: row[0])
    requests = pl.Series([request for request, _ in rows], dtype=pl.Int64)
    times = pl.Series([ns for _, ns in rows], dtype=pl.Int64).cast(pl.Datetime("ns", "UTC"))
    seen: dict[tuple[int, int], int] = {}
    expected = []
    for request, ns in rows:
        key = request, ns // 1_000_000
        expected.append(seen.get(key, 0))
        seen[key] = expected[-1] + 1
    assert sequences(times, requests).to_list() == expected
    in_order = sequences(times.sort(), pl.repeat(1, len(times), eager=True))
    assert len({*zip(times.sort().dt.epoch("ms"), in_order, strict=True)}) == len(rows)


def test_what_is_made_later_has_an_id_of_its_own() -> None:
    row = {"message": "x", "entry_key": 5}
    first, later = (ids_of(make_frame([{**row, "sequence": n}]))[0] for n in (0, LATER))
    assert first < later
