"""The journal's export format: entries with values of one line, of several, and of bytes."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.journal_export import NotAnExport, entries_of, lines_of

EXPORT = (
    b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1770792216125001\nPRIORITY=3\nMESSAGE=a = b\n"
    b"_HOSTNAME=web-1\nSYSLOG_IDENTIFIER=sshd\n\n"
    b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1770792217125001\n"
    b"MESSAGE\n" + (20).to_bytes(8, "little") + b"one\n\ntwo\nMESSAGE=x\n\xff\n"
    b"TAG=a\nTAG=b\n"
)


def test_entries_become_lines_of_json() -> None:
    first, second = map(json.loads, lines_of(EXPORT).split(b"\n"))
    assert first["MESSAGE"] == "a = b"
    assert second["MESSAGE"] == "one\n\ntwo\nMESSAGE=x\n\ufffd"
    assert second["TAG"] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        b"__CURSOR=1\nlower=1\n",
        b"__CURSOR=1\nno field\n",
        b"__CURSOR=1\nMESSAGE\n\x05\x00\x00",
        b"__CURSOR=1\nMESSAGE\n" + (9).to_bytes(8, "little") + b"cut",
        b"__CURSOR=1\nMESSAGE\n" + (1 << 62).to_bytes(8, "little") + b"cut",
        b"__CURSOR=1\nMESSAGE\n" + (2).to_bytes(8, "little") + b"abc\n",
    ],
)
def test_what_is_cut_off_or_something_else_is_told(body: bytes) -> None:
    with pytest.raises(NotAnExport):
        [*entries_of(body)]


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with suppress(NotAnExport):
        assert lines_of(b"__CURSOR=1\n" + body)


_VALUES = st.text(max_size=40).map(str.encode)


@given(st.lists(st.dictionaries(st.sampled_from(["MESSAGE", "_PID", "X1"]), _VALUES), max_size=4))
def test_what_is_written_is_read(entries: list[dict[str, bytes]]) -> None:
    body = b""
    for entry in entries:
        body += b"__CURSOR=1\n"
        for name, value in entry.items():
            body += name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
        body += b"\n"
    found = [*entries_of(body)]
    assert [{k: v for k, v in each.items() if k != "__CURSOR"} for each in found] == [
        {name: value.decode() for name, value in entry.items()} for entry in entries
    ]
