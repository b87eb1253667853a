"""Columns of scores: the same as record by record, with the reasons."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orjson import dumps

from logplatform.kernel.anomaly import reasons_of, score_of
from tests.parsing.ways import FILLER, records

_VALUES = st.sampled_from(
    [
        "",
        "0",
        "200",
        "404",
        "429",
        "401",
        "+50",
        "50 ",
        "500",
        "599",
        "600",
        "0500",
        " 500",
        "5e2",
        "999.9",
    ]
    + ["1000", "1e3", "4999.99", "5e3", "30000", "-1", "+5000", "1e400", "inf", "nan", "NaN", "x"]
    + ["1_000_000", "\u0665000", "5000.", ".5", "1 s"]
)
_KEYS = st.sampled_from(
    ["status", "http.status_code", "duration_ms", "took_ms", "request_time", "duration_s"]
    + ["error.type", "error_code", "stack_trace", "method", "path"]
)
_MESSAGES = st.sampled_from(
    ["", "ok", "TIMEOUT after 3 s", "failed2", "it Failed", "panic:", "x\nfailed", "re\u017fused"]
    + ['q="failed"', "GET /failed", "/failed"]
)
_LEVELS = st.sampled_from([None, "debug", "info", "notice", "warn", "error", "fatal", "emerg", "?"])


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(_MESSAGES, _LEVELS, st.dictionaries(_KEYS, _VALUES, max_size=5)), max_size=20
    ),
    times=st.sampled_from([1, 30]),
)
def test_columns_agree_with_one_record_at_a_time(
    rows: list[tuple[str, str | None, dict[str, str]]], times: int
) -> None:
    """Whichever reader took the line."""
    lines = [dumps({"message": row[0], "level": row[1], **row[2]}) for row in rows]
    for row in records(lines * times):
        assert row["anomaly_score"] == score_of(row)


@pytest.mark.parametrize(
    ("fields", "score", "codes"),
    [
        ({}, 0, []),
        ({"level": "warn"}, 15, ["severity"]),
        ({"level": "error", "status": 503}, 70, ["severity", "status"]),
        ({"level": "fatal", "message": "out of memory"}, 80, ["severity", "word"]),
        ({"duration_ms": 1500}, 10, ["slow"]),
        ({"request_time": "31.5"}, 30, ["slow"]),
        ({"duration_ms": 1100, "duration_s": 6}, 30, ["slow", "slow"]),
        ({"error": {"type": "KeyError"}}, 15, ["error_field"]),
        ({"error": {"type": ""}}, 0, []),
        (
            {"level": "fatal", "status": 500, "message": "timeout", "took_ms": 60_000},
            100,
            ["severity", "status", "slow", "word"],
        ),
    ],
)
@pytest.mark.parametrize("around", [0, 100], ids=["alone", "among many"])
def test_each_reason_gives_its_points(
    fields: dict[str, Any], score: int, codes: list[str], around: int
) -> None:
    row = records([dumps({"message": "m", **fields}), *FILLER[:around]])[0]
    assert row["anomaly_score"] == score
    assert sorted(reason.code for reason in reasons_of(row)) == sorted(codes)
    assert all(reason.text.endswith(".") for reason in reasons_of(row))


def test_an_access_line_is_scored_by_its_answer() -> None:
    line = '10.0.0.7 - - [11/Feb/2026:06:43:36 +0000] "GET /failed HTTP/1.1" {} 5 "-" "x"'
    assert [row["anomaly_score"] for row in records([line.format(n) for n in (200, 404, 500)])] == [
        0,
        15,
        70,
    ]
