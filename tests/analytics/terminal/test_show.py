"""Records in a terminal: what is shown, and that nothing of a line is obeyed."""

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.terminal.ask import explained, moment
from analytics.terminal.inert import inert, inert_json, inert_line
from analytics.terminal.show import FORMATS, csv_head, show_as
from logplatform.remote.client import Refused

RECORD = {
    "id": "019c4b7a-4a40-7000-8000-1ef000000000",
    "timestamp": "2026-02-11T06:43:36.25Z",
    "level": "ERROR",
    "service": "pay",
    "host": "web-1",
    "message": "connection reset",
    "attributes": {"status": "502", "user agent": "a b"},
}
# Clears the screen, sets the title, writes to the clipboard, 8-bit CSI, hides order, ends lines.
HOSTILE = [
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "a\rb",
    "\x08\x08",
    "\x00",
    "\x7f",
    "\u2028",
    "\ud800",
]
ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]"
)


def record(**values: Any) -> dict[str, Any]:
    return {**RECORD, **values}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fields", [(), ("message", "x", "service")], ids=["usual", "chosen"])
def test_nothing_of_a_line_is_obeyed(text: str, format: str, fields: tuple[str, ...]) -> None:
    hostile = record(message=text, service=text, host=text, attributes={text: text, "x": text})
    shown = show_as(format, fields, is_coloured=False)(hostile)
    assert not ACTIVE.search(shown)
    shown.encode()


@given(st.text())
def test_what_is_harmless_stays_and_the_rest_is_written_out(text: str) -> None:
    assert not ACTIVE.search(inert(text))
    assert "\n" not in inert_line(text)
    if text.isascii() and text.isprintable():
        assert inert(text) == text


@given(st.text())
def test_json_means_the_same(text: str) -> None:
    shown = inert_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(shown) == {"a": text}
    assert not ACTIVE.search(shown)


def test_people_read_time_level_who_message_and_attributes() -> None:
    show = show_as("pretty", (), is_coloured=False)
    assert show(record()) == (
        '2026-02-11T06:43:36.250 ERROR pay web-1 connection reset status=502 user agent="a b"'
    )
    assert show(record(timestamp="2026-02-11T06:43:36Z")).startswith("2026-02-11T06:43:36.000 ")
    assert show(record(timestamp="2026-02-11T06:43:36.123456789Z")).startswith(
        "2026-02-11T06:43:36.123 "
    )


def test_further_lines_are_set_in_and_what_the_message_has_is_not_said_again() -> None:
    trace = record(message="boom 502\n  at x\n  at y", attributes={"status": "502"})
    assert show_as("pretty", (), is_coloured=False)(trace).endswith(
        "boom 502\n      at x\n      at y"
    )


def test_colours_are_the_terminals_only() -> None:
    assert "\x1b" not in show_as("pretty", (), is_coloured=False)(record())
    assert "\x1b[31mERROR\x1b[0m" in show_as("pretty", (), is_coloured=True)(record())
    for format in ("json", "csv"):
        assert "\x1b" not in show_as(format, (), is_coloured=True)(record())


def test_chosen_fields_are_columns_or_attributes() -> None:
    fields = ("level", "status", "attributes.status", "nothing")
    assert show_as("pretty", fields, is_coloured=False)(record()) == "ERROR  502  502  -"
    assert json.loads(show_as("json", fields, is_coloured=False)(record())) == {
        "level": "ERROR",
        "status": "502",
        "attributes.status": "502",
        "nothing": "",
    }
    assert json.loads(show_as("json", (), is_coloured=False)(record())) == RECORD


def test_names_are_those_of_a_query() -> None:
    several = record(attributes={"user agent": "a b", "host": "inner", "tags": "api", "a,b": "c"})
    names = ("user\\ agent", "attributes.host", "host", "tag", "a\\,b")
    assert show_as("pretty", names, is_coloured=False)(several) == "a b  inner  web-1  api  c"


def test_csv_is_read_back_and_holds_no_formulas() -> None:
    message = '=HYPERLINK("http://x")\nsecond, line'
    text = "\n".join([csv_head(()), show_as("csv", (), is_coloured=False)(record(message=message))])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["timestamp", "level", "service", "host", "message"]
    assert rows[1][4] == '\'=HYPERLINK("http://x")\\nsecond, line'
    assert csv_head(("a", "b,c")) == 'a,"b,c"'


@pytest.mark.parametrize(
    ("given", "asked"),
    [("1h", "now-1h"), ("15m", "now-15m"), ("now-7d", "now-7d"), ("2026-02-11", "2026-02-11")],
)
def test_times_may_be_short(given: str, asked: str) -> None:
    assert moment(given) == asked


@pytest.mark.parametrize(
    ("q", "position", "mark"),
    [
        ("level:(error", 12, "            ^"),
        ("", 0, "^"),
        ("世界 (", 4, "      ^"),
        ("e\u0301(", 2, " ^"),
        ("a\x1b[2J(", 5, "     ^"),
    ],
    ids=ascii,
)
def test_the_mark_stands_below_the_place(q: str, position: int, mark: str) -> None:
    told = {"code": "invalid_query", "data": {"position": position}}
    error = Refused(url="u", http_status=400, reason="No.", advice="Do.", told=told)
    shown = explained(error, q).text.split("\n")
    assert (shown[0], shown[2]) == ("No.", mark)
    assert "\x1b" not in shown[1]


@pytest.mark.parametrize("told", [{}, {"data": {}}, {"data": {"position": "x"}}], ids=str)
def test_other_refusals_stay_as_they_are(told: dict[str, Any]) -> None:
    error = Refused(url="u", http_status=403, reason="No.", advice="Do.", told=told)
    assert explained(error, "q") is error


def test_a_time_that_is_none_is_explained_in_the_words_of_the_command() -> None:
    told = {"code": "invalid_time", "data": {"name": "start"}}
    error = Refused(url="u", http_status=400, reason="No.", advice="Do.", told=told)
    assert "--since" in explained(error, "q").advice


def test_an_attribute_of_several_lines_is_set_in_below() -> None:
    trace = 'Traceback:\n  File "a.py"\nBoom: \x1b[2J\n'
    shown = show_as("pretty", (), is_coloured=False)(
        record(message="failed", attributes={"stack": trace, "note": 'a "b"'})
    )
    first, *below = shown.split("\n")
    assert first.endswith(r'failed note="a \"b\""')
    assert below == ["    stack:", "    Traceback:", '      File "a.py"', r"    Boom: \x1b[2J"]
