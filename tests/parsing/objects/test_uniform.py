"""The fast reader gives exactly what the careful one gives, or leaves the lines to it."""

import json

import polars as pl
import pytest

from parsing.objects.exact import RefusedLine, read_exact
from parsing.objects.uniform import read_uniform

PLAIN = '{"level": "info", "n": %d, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}'


def read(lines: list[str]) -> list[dict[str, str]] | None:
    frame = read_uniform(pl.Series(lines, dtype=pl.String))
    if frame is None:
        return None
    return [{k: v for k, v in row.items() if v is not None} for row in frame.to_dicts()]


def exact(line: str) -> dict[str, str] | None:
    try:
        return read_exact(line, kept=frozenset())
    except RefusedLine:
        return None


def test_lines_of_one_kind_are_read_in_one_go() -> None:
    lines = [PLAIN % number for number in range(200)]
    assert read(lines) == [exact(line) for line in lines]


@pytest.mark.parametrize(
    "line",
    [
        '{"n": 1.0, "e": 1e5, "z": -0, "big": 123456789012345678901, "message": "x"}',
        '{"message": "ein \\u00e9 und \\ud83d\\ude00", "n": 2}',
        '{"message": "half \\ud83d of a pair"}',
        '{"message": null, "n": 3, "level":null}',
        '{"message": "it says \\":null and \\": 1.0, so", "n": 4}',
        '{"message" : "spaced", "n"\t: 5}',
        '{"n": 1, "n": 2, "message": "twice"}',
        '{"n": null, "n": 2}',
        '{"other": "a key the rest has not"}',
        '{"http": {}}',
        '{"http": "text, no object"}',
        '{"list": [1.0, {"a": "\\n"}], "message": "array"}',
        '{"list": [1, 2.5, "a", null, true, [3]], "message": "plain array"}',
        '{"list": [{"a": null}], "message": "object in an array"}',
        '{"list": [{}], "message": "empty object in an array"}',
        '{"list": [1.50], "n": 2.50, "message": "odd numbers"}',
        '{"list": [ 1 , "a b" ], "message": "[spaced]"}',
        '{"list": ["a\\"b"], "message": "escape in an array"}',
        '{"message": "{looks like an object}"}',
        '{"message": "' + "x" * 600 + '"}',
        '{"deep": ' + "[" * 300 + "]" * 300 + "}",
        '{"": "no name", "a..b": "two dots"}',
        '{"' + "k" * 200 + '": 1}',
        '{"hidden\\u0022:": 1}',
        '{"message": "torn',
        "[1, 2]",
        "5",
        "{}",
        '{"a": 1} {"b": 2}',
        '{"a": 1}\n{"b": 2}',
    ],
    ids=str,
)
def test_one_odd_line_is_never_read_differently(line: str) -> None:
    lines = [PLAIN % number for number in range(100)]
    lines.insert(50, line)
    found = read(lines)
    assert found is None or found == [exact(each) for each in lines]


def test_numbers_keep_their_spelling() -> None:
    lines = [json.dumps({"n": number / 4, "message": "m"}) for number in range(100)]
    found = read(lines)
    assert found is not None
    assert found[4] == {"n": "1.0", "message": "m"}
