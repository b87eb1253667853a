"""Detection between formats, pinned formats, and that every line is accounted for."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing import Hint, UnknownZone, log_formats, parse_lines
from parsing.contracts import RECORD_SCHEMA, REJECTED_SCHEMA
from tests.parsing.ways import ARRIVAL, parse_all, records

_ACCESS = '10.0.0.7 - - [11/Feb/2026:06:43:36 +0000] "GET / HTTP/1.1" 200 12'
_SAMPLES = [sample.line for each in log_formats().values() for sample in each.samples]
_LINES = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(_SAMPLES).map(str.encode),
    st.sampled_from(
        [b"", b"{}", b"{", b"\xff\xfe", b'{"t": "x"}', b'{"a": "\xff"}', b"\xef\xbb\xbf"]
    ),
    st.tuples(st.sampled_from(_SAMPLES), st.integers(0, 60), st.binary(max_size=2)).map(
        lambda cut: cut[0].encode()[: cut[1]] + cut[2] + cut[0].encode()[cut[1] :]
    ),
)


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(_LINES, max_size=100),
    is_strict=st.booleans(),
    pinned=st.sampled_from([(), ("text",), ("json",), ("access_common",), ("json", "nothing")]),
    limit=st.sampled_from([20, 262_144]),
)
def test_every_line_is_once_a_record_or_refused(
    lines: list[bytes], is_strict: bool, pinned: tuple[str, ...], limit: int
) -> None:
    """No input raises, no line is lost or doubled, no record holds a null."""
    parsed = parse_all(lines, strict_json=is_strict, formats=pinned, max_line_bytes=limit)
    numbers = [*parsed.frame["line"], *parsed.rejected["line"]]
    assert sorted(numbers) == list(range(len(lines)))
    assert parsed.frame["line"].is_sorted()
    assert parsed.frame.schema == RECORD_SCHEMA
    assert parsed.rejected.schema == REJECTED_SCHEMA
    assert not any(parsed.frame.null_count().row(0)) if len(parsed.frame) else True
    raw = dict(zip(parsed.rejected["line"], parsed.rejected["raw"], strict=True))
    assert all(lines[n] == kept or b"[redacted:" in kept for n, kept in raw.items())
    assert all(": " in reason for reason in parsed.rejected["reason"])


@settings(max_examples=50, deadline=None)
@given(lines=st.lists(_LINES, max_size=100), cut=st.integers(0, 100))
def test_a_body_split_anywhere_gives_the_same_records(lines: list[bytes], cut: int) -> None:
    """What a line becomes does not depend on its neighbours."""
    whole = parse_all(lines).frame.drop("line", "attributes").rows()
    parts = [parse_all(lines[:cut]).frame, parse_all(lines[cut:]).frame]
    assert whole == [row for part in parts for row in part.drop("line", "attributes").rows()]
    pairs = [{tuple(pair.items()) for pair in row} for row in parse_all(lines).frame["attributes"]]
    split = [{tuple(pair.items()) for pair in row} for part in parts for row in part["attributes"]]
    assert pairs == split


def test_each_line_of_a_mixed_stream_is_read_by_its_own_format() -> None:
    """In input order, whatever formats take turns."""
    lines = ['{"message": "m"}', _ACCESS, "hello", f'{_ACCESS} "-" "curl/8"', '{"message": "n"}']
    names = [row["format"] for row in records(lines * 40)]
    assert names == ["json", "access_common", "text", "access_combined", "json"] * 40


def test_broken_json_in_a_detected_stream_is_kept_as_text_with_the_reason() -> None:
    """Only a sender that promised JSON has such lines refused."""
    row = records(['{"message": '])[0]
    assert (row["format"], row["message"]) == ("text", '{"message": ')
    assert row["attributes"]["_parse_error"].startswith("invalid_json: ")


def test_bytes_that_are_no_text_are_replaced_and_noted() -> None:
    """Text is kept readable; strict JSON would have been refused."""
    row = records([b"caf\xe9 error"])[0]
    assert row["message"] == "caf\ufffd error"
    assert row["attributes"] == {"_encoding_error": "invalid UTF-8"}


def test_lines_of_no_pinned_format_are_refused() -> None:
    """Unless plain text is pinned as well."""
    lines = [_ACCESS, "hello", "{"]
    rejected = parse_all(lines, formats=("access_common",)).rejected
    assert rejected["line"].to_list() == [1, 2]
    assert rejected["reason"][0] == "format_mismatch: the line is not access_common"
    kept = records(lines, formats=("access_common", "text"))
    assert [row["format"] for row in kept] == ["access_common", "text", "text"]


def test_a_pinned_format_that_does_not_exist_refuses_with_its_name() -> None:
    """A worker must not stop at settings that outlived a format."""
    rejected = parse_all(["hello"], formats=("gone",)).rejected
    assert rejected["reason"].to_list() == ["unknown_format: there is no format named gone"]


def test_an_unknown_zone_is_a_users_error() -> None:
    """Checked where settings are made, not where lines are read."""
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        Hint(zone="Mars/Olympus")


def test_text_is_taken_as_well_as_bytes() -> None:
    """Protocols that decode strings hand them on without encoding."""
    lines = pl.Series(['{"message": "a\\nb"}', '{"message":\n "m"}', "x\ny"])
    arrived = pl.Series([ARRIVAL] * 3, dtype=pl.Datetime("ms", "UTC"))
    frame = parse_lines(lines, received_at=arrived, hint=Hint()).frame
    assert frame["message"].to_list() == ["a\nb", "m", "x\ny"]
    assert lines[0] == '{"message": "a\\nb"}'
