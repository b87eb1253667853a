"""Lines of one shape are read exactly as the careful reader reads them, or left to it."""

import json
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.objects import aligned
from parsing.objects.aligned import read_aligned, shape_of
from parsing.objects.exact import RefusedLine, read_exact
from tests.parsing.objects.test_read import _LINES as ANY_LINES
from tests.parsing.objects.test_uniform import PLAIN

ODD_LINES = [
    '{"n": 1.0, "e": 1e5, "z": -0, "big": 123456789012345678901, "message": "x"}',
    '{"level": "info", "n": 1e999, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "n": 01, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "n": NaN, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "n": , "took": 1.5, "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "n": null, "took": true, "http": {"status": 200}, "message": ""}',
    '{"level": "info", "n": 5, "took": [1], "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "done: ok"} ',
    '{"level": "info", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}}',
    '{"level": "info", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "done: ok',
    '{"level": "info", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "a\\"b"}',
    '{"level": "info", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "é\u2028😀"}',
    '{"level": "in\tfo", "n": 5, "took": 1.5, "http": {"status": 200}, "message": "done: ok"}',
    '{"level": "info", "m": 5, "took": 1.5, "http": {"status": 200}, "message": "other key"}',
    '{"n": 5, "level": "info", "took": 1.5, "http": {"status": 200}, "message": "other order"}',
    '{"level": "info","n":5,"took":1.5,"http":{"status":200},"message":"other spaces"}',
    '{"level": "info", "n": 5, "took": 1.5, "http": {}, "message": "done: ok", "a": "b"}',
    '{"n": 1, "n": 2, "message": "twice"}',
    '{"a.b": 1, "a": {"b": 2}}',
    '{"": "no name", "a..b": "two dots"}',
    '{"' + "k" * 200 + '": 1}',
    '{"message": "' + "x" * 70_000 + '"}',
    "[1, 2]",
    "5",
    "{}",
    "",
]


def exact(line: str) -> dict[str, str] | None:
    try:
        return read_exact(line)
    except RefusedLine:
        return None


def assert_exact(lines: list[str]) -> int:
    """Every line is left, or in one part and as it should be; returns how many are in parts."""
    parts, left = read_aligned(pl.Series(lines, dtype=pl.String))
    rows = [row for part in parts for row in part.rows]
    assert sorted([*rows, *left]) == list(range(len(lines)))
    for part in parts:
        for row, fields in zip(part.rows, part.frame.to_dicts(), strict=True):
            assert {k: v for k, v in fields.items() if v is not None} == exact(lines[row])
    return len(rows)


def test_lines_of_one_shape_are_read_without_a_parser() -> None:
    assert assert_exact([PLAIN % number for number in range(5_000)]) == 5_000


def test_shapes_are_told_apart_in_a_mixed_stream() -> None:
    kinds = [PLAIN, '{"n":%d,"to":"x"}', '{"n":%d,"by":"y"}', '{"user": {"id": %d}, "ok": true}']
    lines = [kinds[number % 4] % number for number in range(4_000)]
    assert assert_exact(lines) == 4_000


@pytest.mark.parametrize("line", ODD_LINES, ids=lambda line: line[:60] or "empty")
def test_one_odd_line_is_never_read_differently(line: str) -> None:
    lines = [PLAIN % number for number in range(600)]
    lines.insert(300, line)
    assert_exact(lines)
    lines[0] = line
    assert_exact(lines)


def test_many_odd_lines_at_once() -> None:
    shuffled = [PLAIN % number for number in range(3_000)] + ODD_LINES * 10
    random.Random(4).shuffle(shuffled)
    assert assert_exact([line for line in shuffled if "\t" not in line]) >= 2_900


@given(lines=st.lists(ANY_LINES, min_size=1, max_size=8))
def test_no_line_is_read_differently(lines: list[str]) -> None:
    kept = [line for line in lines if "\n" not in line] * 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aligned, "_FEW_LINES", 1)
        if kept:
            assert_exact(kept)


def test_a_gathered_part_of_a_body_is_read_like_a_body() -> None:
    lines = pl.Series([PLAIN % number for number in range(4_000)])
    for rows in (lines.gather_every(7), lines[100:900], lines.reverse()):
        parts, left = read_aligned(rows)
        assert not len(left)
        numbers = [str(json.loads(line)["n"]) for line in rows]
        assert parts[0].frame["n"].to_list() == numbers


@pytest.mark.parametrize(
    "line",
    ['{"a": {}}', '{"a": []}', '{"a": 1,}', '{"a" 1}', '{"a": 1', "{", "{}", '{"a": {"b": 1}',
     '{"a": "x\\n"}', '{"a": 1}x', "{" + '"a": {' * 40 + '"b": 1' + "}" * 41],
)  # fmt: skip
def test_what_cannot_be_cut_has_no_shape(line: str) -> None:
    assert shape_of(line) is None
