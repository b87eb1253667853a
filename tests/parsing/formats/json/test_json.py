"""JSON lines: names of fields, levels, times, values kept exactly, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.parsing.ways import ARRIVAL, FILLER, parse_all

Record = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("message", ["message", "msg", "log", "body", "short_message"]),
        ("service", ["service", "service.name", "service_name"]),
        ("host", ["host", "hostname", "host.name"]),
        ("logger", ["logger", "logger_name", "log.logger"]),
        ("trace_id", ["trace_id", "traceId", "trace.id"]),
        ("span_id", ["span_id", "spanId", "span.id"]),
    ],
)
def test_the_first_name_present_wins_and_others_stay(
    record: Record, column: str, names: list[str]
) -> None:
    """A later name is an attribute when an earlier one is there, the value when it is null."""
    for number, name in enumerate(names):
        rest = names[number + 1 :]
        pairs = [f'"{other}": "{other}!"' for other in rest]
        nulls = [f'"{other}": null' for other in names[:number]]
        row = record("{" + ", ".join([*pairs, *nulls, f'"{name}": "it"']) + "}")
        assert row[column] == "it"
        assert row["attributes"] == {other: f"{other}!" for other in rest}


@pytest.mark.parametrize("name", ["timestamp", "@timestamp", "time", "ts", "t"])
@pytest.mark.parametrize(
    "value", ['"2026-11-21T12:00:00+02:00"', "1795255200", '"1795255200000"', "1795255200000000000"]
)
def test_times_are_found_under_every_name(record: Record, name: str, value: str) -> None:
    """ISO-8601 or an epoch, as number or string."""
    row = record(f'{{"{name}": {value}}}')
    assert row["timestamp"] == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert row["attributes"] == {}


@pytest.mark.parametrize(
    "written", ["soon", "-5", "1e400", "2999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "", "inf"]
)
def test_a_time_that_cannot_be_is_kept_beside_the_arrival(record: Record, written: str) -> None:
    """Out of range or unreadable: the record has its arrival as time, and says what was written."""
    row = record(f'{{"time": "{written}", "message": "m"}}')
    assert row["timestamp"] == ARRIVAL
    assert row["attributes"] == {"_time_error": written}


def test_a_clock_up_to_a_day_ahead_is_believed(record: Record) -> None:
    """Later than that it is an error."""
    just = (ARRIVAL + timedelta(days=1)).isoformat()
    assert record(f'{{"t": "{just}"}}')["timestamp"] == ARRIVAL + timedelta(days=1)
    late = (ARRIVAL + timedelta(days=1, seconds=1)).isoformat()
    assert record(f'{{"t": "{late}"}}')["attributes"] == {"_time_error": late}


def test_no_time_is_the_arrival_without_a_note(record: Record) -> None:
    """Nothing was wrong, nothing is noted."""
    row = record('{"message": "m"}')
    assert (row["timestamp"], row["attributes"]) == (ARRIVAL, {})


def test_times_without_zone_are_in_the_zone_of_the_hint(record: Record) -> None:
    """A source may say where its clocks stand."""
    row = record('{"t": "2026-11-22 10:00:00"}', zone="Asia/Tokyo")
    assert row["timestamp"] == datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pair", "severity"),
    [
        ('"level": "eRrOr"', 17), ('"severity": "warning"', 13), ('"lvl": "dbg"', 5),
        ('"log": {"level": "info"}', 9), ('"level": 3', 17), ('"level": "30"', 9),
        ('"severity_number": 18', 18), ('"other": 1', 9), ('"level": ""', 9), ('"level": null', 9),
    ],
)  # fmt: skip
def test_levels_are_normalised(record: Record, pair: str, severity: int) -> None:
    """Words in any case and numbers; INFO when there is none."""
    assert record("{" + pair + "}")["severity"] == severity


def test_an_unknown_level_stays_an_attribute(record: Record) -> None:
    """The record is INFO, and what the sender said is not lost."""
    row = record('{"level": "sideways", "severity": "ERROR"}')
    assert row["severity"] == 9
    assert row["attributes"] == {"level": "sideways", "severity": "ERROR"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("18446744073709551616", "18446744073709551616"), ("1.0", "1.0"), ("-0", "-0"),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1.50", "1.50"), ("1e5", "1e5"), ("0.1000000000000000055", "0.1000000000000000055"),
        ("true", "true"), ('"200"', "200"), ("{}", "{}"), ("[]", "[]"), ('""', ""),
        ('[1,{"b":1.0}]', '[1, {"b": 1.0}]'), ('"a\\u0000b"', "a\0b"), ('"\\ud800!"', "\ufffd!"),
        ('"\\ud83d\\ude00"', "😀"), ('"<script>${jndi:x}"', "<script>${jndi:x}"),
        ('"{\\"a\\": 1}"', '{"a": 1}'), ('"\\u202e\\u001b[1m"', "\u202e\x1b[1m"),
    ],
)  # fmt: skip
def test_values_are_kept_exactly(record: Record, value: str, text: str) -> None:
    """Numbers keep their spelling, strings every character; half a surrogate pair is replaced."""
    assert record(f'{{"v": {value}}}')["attributes"] == {"v": text}


@pytest.mark.parametrize(
    ("line", "attributes"),
    [
        ('{"a": {"b": {"c": 1}, "d": null}}', {"a.b.c": "1"}),
        ('{"a": 1, "a": 2}', {"a": "2"}),
        ('{"a": 1, "a": null}', {"a": "1"}),
        ('{"a.b": 1, "a": {"b": 2}}', {"a.b": "1"}),
        ('{"": 1, "x": {"": 2}}', {"_": "1", "x._": "2"}),
        ('{".": 1, "a..b": 2, "a": {".b": 3}}', {".": "1", "a..b": "2"}),
        ('{"level": "' + "l" * 1_000 + '"}', {"level": "l" * 1_000}),
        ('{"id": 1, "app": 2, "source": 3, "_time": 4, "__proto__": {"x": 5}}',
         {"id": "1", "app": "2", "source": "3", "_time": "4", "__proto__.x": "5"}),
        ('{"' + "k" * 200 + '": 1}', {"k" * 128: "1"}),
        ('{"' + "é" * 100 + '": 1}', {"é" * 64: "1"}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_keys_are_joined_and_tamed(record: Record, line: str, attributes: dict[str, str]) -> None:
    """Nested, repeated, empty, reserved and long keys each have one rule."""
    assert record(line)["attributes"] == attributes


def test_a_key_that_flips_its_type_loses_nothing() -> None:
    """The same key as number, string and object, in one batch."""
    lines = ['{"s": 200}', '{"s": "200"}', '{"s": {"code": 200}}', '{"s": [200]}'] * 30
    frame = parse_all(lines).frame
    pairs = [[(p["key"], p["value"]) for p in row] for row in frame["attributes"]]
    expected = [[("s", "200")], [("s", "200")], [("s.code", "200")], [("s", "[200]")]]
    assert pairs == expected * 30


def test_nesting_is_flattened_to_a_depth_and_refused_beyond_reason(record: Record) -> None:
    """32 levels become keys, what is deeper stays JSON; 257 levels are too many."""
    deep = '{"k":' * 40 + "1" + "}" * 40
    ((key, value),) = record(deep)["attributes"].items()
    assert key == ".".join("k" * 32)
    assert value == '{"k": ' * 8 + "1" + "}" * 8
    refused = parse_all([*FILLER, '{"k":' * 257 + "1" + "}" * 257], strict_json=True).rejected
    assert refused["reason"][0].startswith("too_deep: ")


def test_fields_over_the_limit_are_folded(record: Record) -> None:
    """256 fields are kept, the rest is one attribute of JSON; the record's own fields stay."""
    pairs = ", ".join(f'"f{number}": {number}' for number in range(300))
    row = record("{" + pairs + ', "message": "last"}')
    assert row["message"] == "last"
    assert len(row["attributes"]) == 256
    assert row["attributes"]["f254"] == "254"
    assert row["attributes"]["_extra"].startswith('{"f255": "255", "f256": "256"')


def test_a_note_of_ours_is_not_overridden(record: Record) -> None:
    """A sender's own `_time_error` gives way where we have one to make."""
    row = record('{"t": "soon", "_time_error": "mine"}')
    assert row["attributes"] == {"_time_error": "soon"}


@pytest.mark.parametrize("around", [[], FILLER], ids=["one by one", "as columns"])
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1', "invalid_json: "), (b'{"a": 1,}', "invalid_json: "),
        (b"hello", "invalid_json: "),
        (b'{"a": NaN}', "invalid_json: NaN"), (b'{"a": 1e999}', "invalid_json: the number 1e999"),
        (b'{"a": ' + b"9" * 5000 + b"}", "invalid_json: the number 9999"),
        (b'{"a": 1}{"a": 2}', "invalid_json: "), (b'{"a": "x\ty"}', "invalid_json: "),
        (b"1", "not_an_object: the line is a number"), (b"null", "not_an_object: the line is null"),
        (b"[1]", "not_an_object: the line is an array"), (b'"x"', "not_an_object: "),
        (b'{"a": "\xff"}', "invalid_utf8: "), (b"[" * 100_000, "too_deep: "),
        (b"", "invalid_json: "),
        (b'{"a": "' + b"x" * 262_144 + b'"}', "line_too_long: "),
    ],
)  # fmt: skip
def test_what_is_not_a_json_object_is_refused_with_its_reason(
    around: list[str], line: bytes, reason: str
) -> None:
    """The line goes to quarantine as it came, its neighbours are kept."""
    parsed = parse_all([*around, line, *around], strict_json=True)
    assert len(parsed.frame) == 2 * len(around)
    assert parsed.rejected["line"].to_list() == [len(around)]
    assert parsed.rejected["raw"].to_list() == [line]
    assert parsed.rejected["reason"][0].startswith(reason)


def test_a_byte_order_mark_is_taken_off(record: Record) -> None:
    """Some editors and shippers put one before the first line."""
    assert record(b'\xef\xbb\xbf{"message": "m"}')["message"] == "m"
