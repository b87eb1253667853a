"""Formats that people make: what can be written, what is refused and where."""

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing import Hint, parse_lines
from parsing.own import MAX_FIELDS, Definition, UnusableFormat, own_format

ARRIVED = pl.Series(["2026-02-11T10:00:00Z"]).str.to_datetime(time_unit="ms", time_zone="UTC")


def read(definition: Definition, *lines: str, formats: tuple[str, ...] = ("own",)) -> list[dict]:
    """Records of lines, None for what is refused."""
    parsed = parse_lines(
        pl.Series(lines),
        received_at=ARRIVED.new_from_index(0, len(lines)),
        hint=Hint(formats=formats, own=(own_format("own", definition),)),
    )
    assert len(parsed.frame) + len(parsed.rejected) == len(lines)
    records = {row["line"]: row for row in parsed.frame.iter_rows(named=True)}
    return [records.get(number) for number in range(len(lines))]


def attributes(record: dict) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in record["attributes"]}


def test_a_marked_line_becomes_columns() -> None:
    marked = Definition(pattern='<ip> - - [<time>] "<request:quoted>" <status:int> <took>')
    line = '10.0.0.7 - -  [11/Feb/2026:06:43:36 +0000] "GET /a" 503 12 ms'
    record, other = read(marked, line, "no such line")
    assert other is None
    assert record["timestamp"].isoformat() == "2026-02-11T06:43:36+00:00"
    assert record["format"] == "own"
    assert record["severity"] == 17
    found = attributes(record)
    assert (found["client_ip"], found["request"], found["took"]) == ("10.0.0.7", "GET /a", "12 ms")


@pytest.mark.parametrize(
    ("pattern", "is_regex", "line"),
    [
        ("<time> <level> <message>", False, "2026-02-11 06:43:36 WARN disk is full"),
        ("<time>;<level>;<message>", False, "11.02.2026 06:43:36;WARN;disk is full"),
        ("\\<x> <time> <level> <message>", False, "<x> 2026-02-11T06:43:36Z WARN disk is full"),
        (
            r"^%{iso:timestamp} %{level:level} (?P<message>(.*))$",
            True,
            "2026-02-11 06:43:36 WARN disk is full",
        ),
    ],
)
def test_time_level_and_message_are_what_their_names_say(
    pattern: str, is_regex: bool, line: str
) -> None:
    record = read(Definition(pattern=pattern, is_regex=is_regex), line)[0]
    assert record["timestamp"].isoformat() == "2026-02-11T06:43:36+00:00"
    assert (record["severity"], record["message"]) == (13, "disk is full")
    assert {"1", "2", "level", "timestamp"}.isdisjoint(attributes(record))


def test_layouts_of_ones_own_are_used_instead_of_the_usual_ones() -> None:
    odd = Definition(pattern="<time>|<message>", layouts=("%H-%M-%S %d_%m_%Y",))
    assert read(odd, "06-43-36 11_02_2026|x")[0]["timestamp"].day == 11


def test_auto_leaves_other_lines_to_detection() -> None:
    lines = ("own 1", '{"message": "json"}', "plain")
    found = read(Definition(pattern="own <n:int>"), *lines, formats=("own", "auto"))
    assert [record["format"] for record in found] == ["own", "json", "text"]


def test_an_own_format_wins_over_built_in_ones() -> None:
    line = "Feb 11 06:43:36 web-1 sshd[77]: hello"
    found = read(
        Definition(pattern="<time> <host> sshd[<pid>]: <rest>"), line, formats=("own", "auto")
    )
    assert found[0]["format"] == "own"


REFUSED = {
    "open group": (r"^(?P<a>\d+", True, 1, "unclosed group"),
    "class": (r"%{iso:timestamp} %{int:x} [z-a](?P<m>.*)", True, 27, "class range"),
    "look-ahead": (r"(?=x)(?P<a>b)", True, 0, "look-around"),
    "back-reference": (r"(?P<a>x)\1", True, 8, "backreferences"),
    "same name": ("<a> <a>", False, 4, "named 'a'|duplicate"),
    "unknown pattern": ("<a> <b:nope>", False, 7, "'nope'"),
    "unknown reference": ("%{nope:x}", True, 0, "'nope'"),
    "a name of ours": ("<_project> x", False, 0, "keeps for itself"),
    "a column of ours": ("<a> <anomaly_score>", False, 4, "keeps for itself"),
    "no field": ("nothing", False, 0, "no field"),
    "two lines": ("<a>\n<b>", False, 3, "one line"),
    "500 groups": ("".join(f"<f{n}>," for n in range(500)), False, None, "longer|fields"),
    "nested repetitions": (r"(?P<a>((a{100}){100}){100})", True, None, "repetitions"),
    "too long": ("<a>" + "x" * 3000, False, 2000, "longer"),
    "unicode name": ("(?P<é>a)", True, 0, "named"),
}


@pytest.mark.parametrize(
    ("pattern", "is_regex", "position", "problem"), REFUSED.values(), ids=REFUSED.keys()
)
def test_what_cannot_be_used_is_refused_with_its_place(
    pattern: str, is_regex: bool, position: int | None, problem: str
) -> None:
    with pytest.raises(UnusableFormat) as caught:
        own_format("own", Definition(pattern=pattern, is_regex=is_regex))
    error = caught.value
    assert any(part in error.text for part in problem.split("|"))
    if position is not None:
        assert error.data["position"] == position
        part, caret = error.data["shown"].split("\n")
        assert caret.strip() == "^"
        assert len(caret) <= len(part) + 1


def test_fields_have_a_bound() -> None:
    pattern = ",".join(f"<f{number}>" for number in range(MAX_FIELDS))
    assert len(own_format("own", Definition(pattern=pattern)).format.fields) == MAX_FIELDS
    with pytest.raises(UnusableFormat):
        own_format("own", Definition(pattern=f"{pattern},<one_more>"))


@pytest.mark.parametrize("layout", ["%Q", "%", "hello", "%Y"])
def test_a_layout_that_is_none_is_refused(layout: str) -> None:
    with pytest.raises(UnusableFormat, match="no layout"):
        own_format("own", Definition(pattern="<time> <m>", layouts=(layout,)))


def test_patterns_that_hang_other_engines_do_not() -> None:
    began = time.process_time()
    hostile = "a" * 100_000 + "!"
    assert read(Definition(pattern=r"^(?P<a>(a+)+)$", is_regex=True), hostile) == [None]
    assert time.process_time() - began < 5


@given(pattern=st.text(max_size=60), is_regex=st.booleans(), line=st.text(max_size=40))
def test_no_pattern_raises_anything_else_or_loses_a_line(
    pattern: str, is_regex: bool, line: str
) -> None:
    try:
        own = own_format("own", Definition(pattern=pattern, is_regex=is_regex))
    except UnusableFormat as error:
        position = error.data["position"]
        assert position is None or 0 <= position <= len(pattern)
        return
    parsed = parse_lines(
        pl.Series([line]), received_at=ARRIVED, hint=Hint(formats=("own",), own=(own,))
    )
    assert len(parsed.frame) + len(parsed.rejected) == 1


_PIECES = st.sampled_from(
    [
        "<",
        ">",
        "<a>",
        "<b:int>",
        "(?P<x>",
        ")",
        "[",
        "]",
        "{2}",
        "\\",
        "*",
        "+",
        ".",
        "^",
        "$",
        "%{ip:c}",
        "a",
        " ",
        "(",
        "|",
        "\\<",
        "é",
    ]
)


@given(pieces=st.lists(_PIECES, max_size=12), is_regex=st.booleans())
def test_no_mixture_of_signs_raises_anything_else(pieces: list[str], is_regex: bool) -> None:
    pattern = "".join(pieces)
    try:
        read(Definition(pattern=pattern, is_regex=is_regex), "a <b> 10.0.0.1", "", "é")
    except UnusableFormat as error:
        position = error.data["position"]
        assert position is None or 0 <= position <= len(pattern)
