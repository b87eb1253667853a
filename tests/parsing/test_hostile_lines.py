"""Lines that want to be something else: one event each, stored as they came, with forged fields
nowhere. Cases of the usual list of bad input; more are beside the formats and in test_json.py.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.parsing.ways import ARRIVAL, parse_all

Record = Callable[..., dict[str, Any]]
LONGEST_S = 20

# Stored as text: the line, its arrival as time, INFO, nothing taken out of it.
PLAIN = {
    "priority in words": "<>Oct 11 22:14:15 m su: x",
    "length of a syslog frame that is a lie": "99999999 <13>1 2026-01-01T00:00:00Z h a - - - x",
    "open quote": 'level=info msg="unclosed',
    "pairs without keys": "level=info a= =b msg=x",
    "XML with an entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "row with an open quote": 'a,"b' + "x" * 1000 + ",d",
    "NUL": "a\0b",
    "formats and templates": "%s%n {0.__class__} {{7*7}} ${jndi:ldap://x/a} <b onclick=x()>",
    "SQL": "'; drop table logs; --",
    "escapes": "\x1b]0;owned\x07\x1b[31m \u202e\u200b",
    "separators that are no newlines": "a\u2028b\x85c\x0bd\x0ce",
    "lone carriage return": "one\rtwo",
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_only_looks_like_something_is_kept_as_text(record: Record, name: str) -> None:
    row = record(PLAIN[name])
    assert (row["message"], row["severity"], row["timestamp"]) == (PLAIN[name], 9, ARRIVAL)
    assert (row["attributes"], row["service"], row["host"]) == ({}, "", "")


@pytest.mark.parametrize(
    ("line", "severity", "attributes"),
    [
        (
            'level=info msg="a level=error user=root \\" level=fatal" user=bob',
            9,
            {"user": "bob"},
        ),
        (
            "CEF:0|V|P|1|1|n|2|msg=hello src\\=6.6.6.6 act\\=none dst=1.1.1.1",
            9,
            {"msg": "hello src=6.6.6.6 act=none", "dst": "1.1.1.1", "src": None, "act": None},
        ),
        (
            "CEF:0|V\\|x|P|1|1|n\\|10|2|dst=1.1.1.1",
            9,
            {"product": "P", "dst": "1.1.1.1"},
        ),
        (
            "LEEF:1.0|V|P|1|ev|dst=1.1.1.1\tmsg=x src=6.6.6.6 sev=10",
            9,
            {"msg": "x src=6.6.6.6 sev=10", "src": None},
        ),
        (
            'date=2026-01-01 time=00:00:00 devname="f" user="x level=critical srcip=6.6.6.6" '
            'level="notice" srcip=1.1.1.1',
            10,
            {"user": "x level=critical srcip=6.6.6.6", "srcip": "1.1.1.1"},
        ),
        ('{"message":"a\\n2026-01-01 ERROR admin logged in"}', 9, {}),
        ('{"message":"m","attributes":{"severity":"fatal"},"severity_number":"x"}', 9, {}),
    ],
    ids=["logfmt", "CEF", "CEF bars", "LEEF", "FortiGate", "line in a message", "our own names"],
)
def test_a_value_makes_no_fields_and_no_level(
    record: Record, line: str, severity: int, attributes: dict[str, str | None]
) -> None:
    row = record(line)
    assert row["severity"] == severity
    for name, value in attributes.items():
        assert row["attributes"].get(name) == value


def test_bytes_that_are_no_text_are_kept_readable_and_marked(record: Record) -> None:
    row = record(b"caf\xff\xfe end")
    assert row["message"] == "caf\ufffd\ufffd end"
    assert row["attributes"]["_encoding_error"]


def test_a_line_beyond_the_limit_is_set_aside_and_its_neighbours_stay() -> None:
    parsed = parse_all(["before", "x" * 262_145, "after"])
    assert parsed.frame["message"].to_list() == ["before", "after"]
    assert parsed.rejected["line"].to_list() == [1]
    assert parsed.rejected["reason"][0].startswith("line_too_long: ")


@pytest.mark.parametrize(
    "line",
    [
        " ".join(f"k{n}={n}" for n in range(20_000)),
        "CEF:0|V|P|1|1|n|2|" + " ".join(f"k{n}=\\\\=" for n in range(20_000)),
        '1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /' + '"' * 200_000 + ' HTTP/1.0" 200 1',
        "<13>Oct 11 22:14:15 " + "h " * 100_000 + ": x",
        "((((" * 50_000,
        "a" * 250_000 + "!",
        '"' * 250_000,
        "\\" * 250_000,
        "{" + ",".join(f'"k{n}":1' for n in range(20_000)) + "}",
    ],
    ids=[
        "pairs",
        "escapes",
        "quotes",
        "words",
        "brackets",
        "letters",
        "only quotes",
        "only slashes",
        "keys",
    ],
)
def test_no_line_takes_its_reader_long_and_none_has_too_many_fields(line: str) -> None:
    began = time.process_time()
    parsed = parse_all([line] * 3)
    assert time.process_time() - began < LONGEST_S
    assert len(parsed.frame) + len(parsed.rejected) == 3
    for pairs in parsed.frame["attributes"]:
        assert len(pairs) < 300  # 256 of the sender's, and those of the format
