"""The column reader agrees with the exact reader, whatever the lines hold."""

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing.objects import read_objects
from parsing.objects.columns import read_parts
from parsing.objects.exact import RefusedLine, read_exact

_CHARACTERS = st.sampled_from(list('ab:,"{}[]\\ /\t\n\0é\u2028😀.0e-') + ["\\u00e9", "message"])
_STRINGS = st.lists(_CHARACTERS, max_size=6).map("".join).map(json.dumps)
_RAW_STRINGS = st.one_of(
    _STRINGS,
    st.sampled_from(
        [
            '"\\ud800"', '"\\ud83d\\ude00"', '"\\udc00 x"', '"\\\\ud800"', '"\\u007b"', '"{}"',
            '"{\\"a\\": 1}"', '":5"', '"x\\":1.0"', '", \\"a\\": 1.0}"', '"[1.0]"', '"null"', '""',
            '"\\u0022:"', '"a\\/b"', '"a\\b\\f"', '"\x7f"', '"{"', '"é\u2029"',
        ]
    ),
)  # fmt: skip
_NUMBERS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        [
            "0", "-0", "-0.0", "1.0", "1.50", "1e2", "1E+5", "1e-7", "0.0000001", "-1.25e10",
            "18446744073709551615", "18446744073709551616", "18446744073709551617",
            "-9223372036854775809", "9007199254740993", "9007199254740993.0", "1e999", "1e-999",
            "0.1000000000000000055", "1700000000.123456789", "123456789.123456", "12345.1234567890",
            "1" * 60, "0." + "1" * 60, "9" * 400, "01", "1.", ".5", "+1", "-", "NaN", "Infinity",
        ]
    ),
)  # fmt: skip
_SCALARS = st.one_of(_RAW_STRINGS, _NUMBERS, st.sampled_from(["true", "false", "null", "nul", ""]))
_BLANKS = st.sampled_from(["", "", "", " ", "  ", "\t", "\r"])
_KEYS = st.one_of(
    st.sampled_from(['"a"', '"b"', '"c"', '"a"', '"message"', '"level"', '"a.b"', '"_extra"']),
    st.sampled_from(['""', '"_"', '"x:"', '"y{"', '"k "', '"\\u0061"', '"é"', '"n\\\\"', '"q\\""']),
    st.just('"' + "k" * 130 + '"'),
)


@st.composite
def _objects(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    pairs = draw(st.lists(st.tuples(_BLANKS, _KEYS, _BLANKS, _BLANKS, values, _BLANKS), max_size=5))
    inside = ",".join(f"{a}{key}{b}:{c}{value}{d}" for a, key, b, c, value, d in pairs)
    return "{" + inside + "}"


@st.composite
def _arrays(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    return "[" + ", ".join(draw(st.lists(values, max_size=3))) + "]"


_VALUES = st.recursive(_SCALARS, lambda inner: _objects(inner) | _arrays(inner), max_leaves=6)
_LINES = st.one_of(
    _objects(_VALUES),
    _objects(_VALUES),
    _objects(_SCALARS),
    st.text(max_size=20),
    _VALUES,
)


def _expected(line: str) -> dict[str, str] | str:
    try:
        return read_exact(line)
    except RefusedLine as refused:
        return str(refused)


def _found(lines: list[str], rows: range) -> list[dict[str, str] | str]:
    read = read_objects(pl.Series(lines, dtype=pl.String), kept={"message"})
    found: dict[int, dict[str, str] | str] = {}
    for part in [*read.parts, *([read.exact] if read.exact else [])]:
        for row, fields in zip(part.rows, part.frame.to_dicts(), strict=True):
            assert row not in found
            found[row] = {key: value for key, value in fields.items() if value is not None}
    for row, key, value in [] if read.extras is None else read.extras.rows():
        target = found[read.exact.rows[row]] if read.exact else {}
        assert isinstance(target, dict)
        assert key not in target
        target[key] = value
    if read.reasons is not None:
        refused = read.reasons.is_not_null().arg_true()
        assert not found.keys() & set(refused)
        found |= {row: read.reasons[row] for row in refused}
    assert sorted(found) == list(range(len(lines)))
    return [found[row] for row in rows]


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(_LINES, min_size=1, max_size=12),
    usual=st.sampled_from(
        ['"a":"x","c":1.25', '"a":{"b":{"c":"x"},"c":"y"}', '"a":{"a.b":"x"},"b":{"_extra":{}}']
    ),
)
def test_every_line_reads_the_same_in_columns_as_alone(lines: list[str], usual: str) -> None:
    """Around the lines are plain ones, so that the column reader is used."""
    plain = [f'{{{usual},"n":{number}}}' for number in range(100)]
    mixed = [*plain[:50], *lines, *plain[50:]]
    assert _found(mixed, range(50, 50 + len(lines))) == [_expected(line) for line in lines]


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(_LINES, min_size=1, max_size=8))
def test_what_the_column_reader_trusts_is_exact(lines: list[str]) -> None:
    """Rows of its parts equal the exact reader's fields; the others are given back."""
    parts, left = read_parts(pl.Series(lines, dtype=pl.String))
    rows = [row for part in parts for row in part.rows]
    assert sorted([*rows, *left]) == list(range(len(lines)))
    for part in parts:
        for row, values in zip(part.rows, part.frame.to_dicts(), strict=True):
            fields = {key: value for key, value in values.items() if value is not None}
            assert fields == _expected(lines[row])


def test_plain_lines_are_trusted() -> None:
    """The usual shapes do not fall back to reading one by one."""
    shapes = [
        '{"a": "x", "n": 12, "f": 1.25, "ok": true}',
        '{"a":"x","n":null,"f":1.50,"http":{"status":200,"took":1.0}}',
        '{"a": "x:\\"y\\": 1", "tags": ["p", "q"], "embedded": "{\\"a\\": 1}"}',
        '{"timestamp":"2026-01-01T00:00:00Z","seldom":"é 😀 \\ud83d\\ude00"}',
    ]
    assert not len(read_parts(pl.Series(shapes * 30, dtype=pl.String))[1])


def test_one_broken_line_spoils_only_itself() -> None:
    """The neighbours of a broken line are still read as columns."""
    lines = ['{"a": 1, "b": {"c": [1, 2]}}'] * 5000 + ['{"a": '] + ['{"a": 2}'] * 100
    assert read_parts(pl.Series(lines, dtype=pl.String))[1].to_list() == [5000]


def test_kinds_of_lines_that_the_sample_misses_are_read_as_columns_too() -> None:
    """Their keys are found when their count is short."""
    lines = ['{"a": 1}'] * 1000
    lines[7:900:90] = [
        f'{{"a": 1, "seldom": {number}, "k{number}": {{"x": 1}}}}' for number in range(10)
    ]
    parts, left = read_parts(pl.Series(lines, dtype=pl.String))
    assert not len(left)
    assert [len(part.rows) for part in parts] == [990, 10]


def test_many_kinds_of_lines_are_read_kind_by_kind() -> None:
    """A schema of all their keys would cost more than it saves."""
    kinds = [[f"kind{kind}_{key}" for key in range(8)] for kind in range(23)]
    usual = [
        json.dumps({"message": "m"} | dict.fromkeys(kinds[n % 23], f"v{n}")) for n in range(11500)
    ]
    lines = usual + ['{"rare": {"a": 1.0}, "message": null}'] * 5
    parts, left = read_parts(pl.Series(lines, dtype=pl.String))
    assert all(part.frame.width <= 9 for part in parts)
    assert sum(len(part.rows) for part in parts) + len(left) == len(lines)
    assert _found(lines, range(0, 11505, 7)) == [_expected(line) for line in lines[::7]]
