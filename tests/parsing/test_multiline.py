"""Stack traces and indented lines become one record, and nothing gets lost or mixed up."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing import Hint, parse_joined
from parsing.multiline import MAX_LINES, Joined
from tests.parsing.ways import ARRIVAL

_PYTHON = """\
2026-11-22 10:00:00,1 ERROR app: job failed
Traceback (most recent call last):
  File "app.py", line 3, in run
    go()
KeyError: 'x'
During handling of the above exception, another exception occurred:
Traceback (most recent call last):
  File "app.py", line 5, in run
    raise ValueError("y")
app.errors.ValueError: y
2026-11-22 10:00:01,1 INFO app: next"""
_JAVA = """\
2026-11-22 10:00:00.123 ERROR [main] c.e.App - request failed
java.lang.IllegalStateException: no
\tat com.example.App.run(App.java:7)
\tat com.example.App.main(App.java:3)
Caused by: java.io.IOException: disk
\t... 2 common frames omitted
2026-11-22 10:00:01.123 INFO [main] c.e.App - next"""
_GO = """\
panic: runtime error: index out of range [5] with length 3
goroutine 1 [running]:
main.(*Server).run(0x1, {0x2, 0x3})
\t/srv/app/main.go:17 +0x1d
main.main()
\t/srv/app/main.go:7 +0x1d
created by main.start in goroutine 7
\t/srv/app/main.go:9 +0x2
2026/11/22 10:00:01 next"""
_RUBY = """\
E, [2026-11-22T10:00:00.1 #7] ERROR -- : NoMethodError
app/models/job.rb:7:in `run'
app/models/job.rb:3:in `main'
I, [2026-11-22T10:00:01.1 #7] INFO -- : next"""
_NODE = """\
2026-11-22T10:00:00Z error: request failed
TypeError: x is not a function
    at run (/srv/app.js:3:5)
    at process.emit (node:events:519:28) {
  code: 'E'
}
2026-11-22T10:00:01Z info: next"""
_DOTNET = """\
2026-11-22 10:00:00 [ERR] Request failed
System.InvalidOperationException: no
   at App.Run() in /srv/App.cs:line 7
--- End of stack trace from previous location ---
   at App.Main()
2026-11-22 10:00:01 [INF] next"""
_TRACES = {
    "python": _PYTHON, "java": _JAVA, "go": _GO, "ruby": _RUBY, "node": _NODE, "dotnet": _DOTNET
}  # fmt: skip


def join(
    lines: list[str] | list[bytes], streams: list[int] | None = None, **hint: object
) -> Joined:
    """Join lines that arrived at `ARRIVAL`, of one sender unless `streams` says else."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return parse_joined(
        pl.Series(raw, dtype=pl.Binary),
        streams=pl.Series(streams or [0] * len(raw), dtype=pl.Int64),
        received_at=pl.Series([ARRIVAL] * len(raw), dtype=pl.Datetime("ms", "UTC")),
        hint=Hint(**{"multiline": True, **hint}),
    )


def messages(lines: list[str], **hint: object) -> list[str]:
    return join(lines, **hint).parsed.frame["message"].to_list()


@pytest.mark.parametrize("name", _TRACES)
def test_a_trace_is_part_of_the_record_before_it(name: str) -> None:
    lines = _TRACES[name].splitlines()
    found = join(lines * 2)
    assert found.parsed.frame["message"].to_list() == ["\n".join(lines[:-1]), lines[-1]] * 2
    assert found.parsed.frame["line"].to_list() == [
        0, len(lines) - 1, len(lines), 2 * len(lines) - 1
    ]  # fmt: skip
    assert len(found.joined) == 2 * (len(lines) - 2)
    assert found.parsed.frame["severity"][0] >= 17


@pytest.mark.parametrize(
    ("lines", "records"),
    [
        (["a", "  b", "\tc", "d"], ["a\n  b\n\tc", "d"]),
        (["  a", "  b"], ["  a", "  b"]),
        (["  a", "b", "  c"], ["  a", "b\n  c"]),
        (['{"message": "m"}', "  b"], ["m", "  b"]),
        (["a", '  {"message": "m"}'], ["a", "m"]),
        (["started", "Traceback (most recent call last):"], None),
        (["ValueError: x", "KeyError: y"], None),
        (["Server: x", "Client: y", "done"], None),
        (["main.run()", "done"], None),
        (["a", "}", "b"], None),
        (["Caused by: x"], None),
        (["x", "Caused by: y"], ["x\nCaused by: y"]),
        (["\u2028 a", "\u00a0 b"], None),
    ],
    ids=str,
)
def test_only_what_goes_on_is_joined(lines: list[str], records: list[str] | None) -> None:
    assert messages(lines) == (records or lines)


def test_a_bare_trace_starts_a_record_of_its_own() -> None:
    trace = ["Traceback (most recent call last):", '  File "a.py", line 1', "KeyError: 'x'"]
    assert messages(["hello", *trace, *trace]) == ["hello", "\n".join(trace), "\n".join(trace)]


def test_lines_of_different_senders_never_meet() -> None:
    found = join(["a", "  b", "  c", "d", "  e"], [1, 1, 2, 2, 3])
    assert found.parsed.frame["message"].to_list() == ["a\n  b", "  c", "d", "  e"]


def test_what_goes_on_below_a_refused_line_stands_for_itself() -> None:
    found = join(["x" * 50, "  a", "b", "  c"], max_line_bytes=40)
    assert found.parsed.rejected["line"].to_list() == [0]
    assert found.parsed.frame["message"].to_list() == ["  a", "b\n  c"]
    pinned = join(["no access line", "  a"], formats=("access_common",))
    assert pinned.parsed.rejected["line"].to_list() == [0, 1]
    assert not len(pinned.joined)


def test_a_format_reads_the_first_line() -> None:
    access = '10.0.0.7 - - [11/Feb/2026:06:43:36 +0000] "GET / HTTP/1.1" 500 12'
    frame = join([access, "  more", access]).parsed.frame
    assert frame["format"].to_list() == ["access_common"] * 2
    assert frame["message"].to_list() == [f"{access}\n  more", access]
    assert frame["pattern_id"].n_unique() == 1


@pytest.mark.parametrize("hint", [{"multiline": False}, {"strict_json": True}])
def test_joining_can_be_off(hint: dict[str, object]) -> None:
    assert not len(join(["a", "  b"], **hint).joined)


def test_a_line_that_is_no_text_is_not_joined() -> None:
    found = join([b"a", b"  b", b"  \xff", b"  c"])
    assert found.parsed.frame["message"].to_list() == ["a\n  b", "  \ufffd\n  c"]


def test_records_are_bounded() -> None:
    found = join(["a", *["  b"] * (2 * MAX_LINES)])
    sizes = [message.count("\n") + 1 for message in found.parsed.frame["message"]]
    assert sizes == [MAX_LINES, MAX_LINES, 1]
    found = join(["a" * 30, *["  " + "b" * 28] * 10, "  " + "c" * 60], max_line_bytes=100)
    assert max(found.parsed.frame["message"].str.len_bytes()) <= 100 + 10


_SOME = st.sampled_from(
    [line for trace in _TRACES.values() for line in trace.splitlines()]
    + ["", " ", "\t", "{", '{"message": "m"}', "  {", "}", "x" * 200, "  " + "y" * 90, "é", "\r"]
)
_LINES = st.lists(
    st.tuples(st.one_of(_SOME.map(str.encode), st.binary(max_size=9)), st.integers(0, 2)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(pairs=_LINES, limit=st.sampled_from([1, 64, 150, 262_144]), pinned=st.booleans())
def test_no_line_is_lost_and_no_sender_mixed(
    pairs: list[tuple[bytes, int]], limit: int, pinned: bool
) -> None:
    """Each line is the first of a record, part of one, or refused; records hold their own lines."""
    lines, streams = [line for line, _ in pairs], [stream for _, stream in pairs]
    found = join(
        lines, streams, max_line_bytes=limit, formats=("json", "access_common") if pinned else ()
    )
    frame, rejected = found.parsed.frame, found.parsed.rejected
    rows = [*frame["line"], *rejected["line"], *found.joined]
    assert sorted(rows) == list(range(len(lines)))
    assert frame["line"].is_sorted()
    assert rejected["line"].is_sorted()
    parts: dict[int, list[int]] = {row: [row] for row in frame["line"]}
    for row in found.joined:
        head = max(first for first in parts if first < row)
        assert parts[head][-1] == row - 1
        parts[head].append(row)
    for row, message in frame.select("line", "message").rows():
        assert len({streams[part] for part in parts[row]}) == 1
        assert len(parts[row]) <= MAX_LINES
        if len(parts[row]) > 1:
            assert message == "\n".join(
                lines[part].decode("utf-8", "replace") for part in parts[row]
            )
            assert sum(len(lines[part]) for part in parts[row]) <= limit


_SLOW = """\
/usr/sbin/mysqld, Version: 8.4.3 (MySQL Community Server - GPL). started with:
# Time: 2026-11-22T10:00:00.125001Z
# User@Host: shop[shop] @ web-1 [10.0.0.9]  Id:  77
# Query_time: 2.013731  Lock_time: 0.000004 Rows_sent: 1  Rows_examined: 1500000
use shop;
SET timestamp=1795341600;
SELECT count(*)
FROM orders
  WHERE total > 10
AND state IN (
1, 2);
# User@Host: root[root] @ localhost []  Id: 9
# Query_time: 1.5  Lock_time: 0.1 Rows_sent: 0  Rows_examined: 12
SET timestamp=1795341601;
# administrator command: Quit;
2026-11-22 10:00:01 INFO shop: next
# Time: 2026-11-22T10:00:02Z
{"message": "between"}
# Time: 2026-11-22T10:00:03Z
# User@Host: cut[cut] @ web-1 []
2026-11-22 10:00:04 INFO shop: last"""


def test_entries_of_a_slow_query_log_are_read_as_a_whole() -> None:
    found = join(_SLOW.split("\n"))
    rows = found.parsed.frame
    assert rows["format"].to_list()[1:3] == ["mysql_slow", "mysql_slow"]
    assert rows["message"].to_list()[1:3] == [
        "SELECT count(*)\nFROM orders\n  WHERE total > 10\nAND state IN (\n1, 2);",
        "# administrator command: Quit;",
    ]
    assert len(rows) == 8
    assert rows["line"].to_list() == [0, 1, 11, 15, 16, 17, 18, 20]
    assert rows["timestamp"].dt.second().to_list()[2] == 1


@pytest.mark.parametrize("names", [("access_combined",), ("mysql_slow",)])
def test_entries_that_are_refused_are_kept_line_by_line(names: tuple[str, ...]) -> None:
    lines = ["# User@Host: nobody", "# Query_time: none", "SELECT 1", "FROM x;"]
    found = join(lines, formats=names)
    assert found.parsed.rejected["raw"].to_list() == [line.encode() for line in lines]
    assert not len(found.parsed.frame)
    assert not len(found.joined)
