"""CSV: headers, cells, and rows that do not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.headers import MAX_CHARS, header_after, header_for, is_header
from tests.parsing.formats.tables.reading import ROW, W3C, fields, parse


def test_rows_become_columns_by_their_header() -> None:
    header = "Time,Level,Message,User Name,Amount"
    found = parse(
        "csv",
        header,
        header,
        '2026-02-11 06:43:36,WARN,"a ""b"", c",x,1',
        "11.02.2026 06:43:36,INFO,,,",
    )
    assert fields(found, 0) == {"_header": "true"}
    assert found.frame["message"].to_list() == [header, 'a "b", c', ""]
    assert found.frame["severity"].to_list() == [9, 13, 9]
    assert [moment.hour for moment in found.frame["timestamp"]] == [10, 6, 6]
    assert fields(found, 1) == {"User_Name": "x", "Amount": "1"}
    assert fields(found, 2) == {}


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        ("a,b,c", "1,2", "column_count: the row has 2 cells, its header has 3"),
        ("a,b", "1,2,3", "column_count: the row has 3 cells, its header has 2"),
        ("a,b", '1,"2', "csv_quotes"),
        ("a,b", '1,"2"x', "csv_quotes"),
        ("a,b", '1,x"2"', "csv_quotes"),
        ("", "1,2", "no_header"),
    ],
)
def test_rows_that_do_not_fit_are_kept_with_the_reason(header: str, row: str, reason: str) -> None:
    refused = parse("csv", header, row).rejected.row(0, named=True)
    assert refused["reason"].startswith(reason)
    assert refused["raw"] == row.encode()


@pytest.mark.parametrize(
    ("line", "remembered", "expected"),
    [
        ("a,b", "", True),
        ("a,b", "a,b", True),
        ("timestamp,b", "a,b", True),
        ("alice,login", "a,b", False),
        ("1,2", "", False),
        ("a,a", "", False),
        ("a,", "", False),
        ("a", "", False),
        ("", "", False),
        ("a," * 300 + "b", "", False),
        ("a" * MAX_CHARS + ",b", "", False),
        ("2026-02-11,b", "", False),
    ],
)
def test_headers_are_told_from_rows(line: str, remembered: str, expected: bool) -> None:
    assert is_header("csv", line, remembered) is expected


def test_the_header_goes_on_to_the_next_body() -> None:
    first = header_for("csv", b"\xef\xbb\xbf\r\nlevel,message\r\nINFO,x\r\n", "")
    assert first == "level,message"
    assert header_for("csv", b"INFO,y\n", first) == first
    body = f"{W3C}\r\n{ROW}\n".encode()
    assert header_for("w3c", body, "") == ""
    assert header_after("w3c", body, "") == W3C
    assert header_after("w3c", ROW.encode(), W3C) == W3C


_LINES = st.lists(
    st.one_of(st.text(st.sampled_from('ab,";\t #1-'), max_size=12), st.just(W3C), st.just(ROW)),
    max_size=8,
)


@given(name=st.sampled_from(["csv", "tsv", "w3c"]), lines=_LINES, header=st.text(max_size=8))
def test_no_line_is_lost_whatever_it_holds(name: str, lines: list[str], header: str) -> None:
    parse(name, header, *lines)
    parse(name, None, *lines)
