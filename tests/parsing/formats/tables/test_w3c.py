"""W3C extended logs."""

from hypothesis import given
from hypothesis import strategies as st

from parsing.headers import header_after
from tests.parsing.formats.tables.reading import ROW, W3C, fields, parse


def test_w3c_rows_follow_the_fields_line_above_them() -> None:
    found = parse(
        "w3c",
        "",
        "#Software: IIS",
        W3C,
        ROW,
        "#Fields: date time s-computername",
        "2026-02-11 06:43:37 WEB1",
        ROW,
    )
    assert found.rejected["reason"].to_list() == [
        "column_count: the row has 8 cells, its header has 3"
    ]
    row = found.frame.row(2, named=True)
    assert row["timestamp"].isoformat() == "2026-02-11T06:43:36+00:00"
    assert row["severity"] == 17
    assert fields(found, 2)["user_agent"] == "Mozilla/5.0 (X11)"
    assert (fields(found, 2)["client_ip"], fields(found, 2)["duration_ms"]) == ("10.0.0.7", "12")
    assert found.frame["host"].to_list()[-1] == "WEB1"


def test_cloudfront_has_tabs_and_seconds() -> None:
    header = "#Fields: date time x-edge-location c-ip time-taken"
    found = parse("w3c", header, "2026-02-11\t06:43:36\tFRA50-C1\t203.0.113.9\t0.125")
    assert fields(found, 0)["duration_s"] == "0.125"


def test_a_body_of_nothing_but_headers_is_read_in_time() -> None:
    lines = [
        line for number in range(3000) for line in (f"#Fields: date f{number}", "2026-02-11 x")
    ]
    found = parse("w3c", "", *lines)
    assert {reason.partition(":")[0] for reason in found.rejected["reason"]} == {"too_many_headers"}
    assert len(found.rejected) == 2901


@given(
    lines=st.lists(
        st.sampled_from([W3C, ROW, "#Fields: date time x", "2026-02-11 06:43:36 a"]), max_size=8
    ),
    place=st.integers(0, 8),
)
def test_a_body_split_anywhere_is_read_the_same(lines: list[str], place: int) -> None:
    whole = parse("w3c", "", *lines)
    head, tail = lines[:place], lines[place:]
    header = header_after("w3c", "\n".join(head).encode(), "")
    parts = [parse("w3c", "", *head), parse("w3c", header, *tail)]
    for column in ("message", "timestamp", "attributes"):
        together = [value for part in parts for value in part.frame[column].to_list()]
        assert whole.frame[column].to_list() == together
