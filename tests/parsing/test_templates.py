"""Columns of ids: the same as one by one, whatever is around a message."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logplatform.kernel.anomaly import score_of
from logplatform.kernel.templates import (
    hash_of,
    pattern_id_of,
    subject_of,
    subject_of_record,
    template_of,
)
from parsing import log_formats
from parsing.templates import hashes_of, subjects_of, templates_of
from tests.parsing.ways import records

_WORDS = st.sampled_from(
    [
        "job",
        "7",
        "failed",
        "10.0.0.1",
        "a=b",
        "user",
        "for",
        "from",
        "Jan",
        "12:30",
        "=",
        '"',
        "x@y",
    ]
    + [
        "ab:cd:ef:01",
        "web.example.org:80",
        "/a/b",
        "5 ms",
        "(",
        ")",
        "é",
        "\u2044",
        "\n",
        "  ",
        "KB",
    ]
)
_MESSAGES = st.one_of(st.text(max_size=40), st.lists(_WORDS, max_size=9).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(messages=st.lists(_MESSAGES, max_size=40), times=st.sampled_from([1, 60]))
@example(messages=["x" * 1023 + "é1", "", "a\r\nb", "<9", "\t7"], times=1)
def test_columns_agree_with_one_message_at_a_time(messages: list[str], times: int) -> None:
    """Also where messages repeat so often that each is looked at once."""
    found = templates_of(pl.Series(messages * times, dtype=pl.String))["pattern_id"]
    assert found.to_list() == [pattern_id_of(message) for message in messages] * times
    assert found.dtype == pl.UInt64


@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=40)))
def test_hashes_agree(texts: list[str]) -> None:
    found = hashes_of(pl.Series(texts, dtype=pl.String))
    assert found.to_list() == [hash_of(text.encode()) for text in texts]


_REQUESTS = st.tuples(
    st.sampled_from(["", "GET /a/7?b", '1.1.1.1 "GET /a/7?b"', "done", "/"]),
    st.sampled_from([None, "GET", ""]),
    st.sampled_from([None, "/a/7?b", "/", "", "?"]),
)


@settings(deadline=None)
@given(rows=st.lists(_REQUESTS, min_size=1, max_size=20))
def test_subjects_agree_with_one_record_at_a_time(
    rows: list[tuple[str, str | None, str | None]],
) -> None:
    columns = {
        name: pl.Series(name, values, dtype=pl.String)
        for name, values in zip(("message", "method", "path"), zip(*rows, strict=True), strict=True)
    }
    found = subjects_of(columns["message"], [columns["method"], columns["path"]])
    attributes = ({"method": method, "path": path} for _, method, path in rows)
    given_ones = [{k: v for k, v in each.items() if v is not None} for each in attributes]
    assert found.to_list() == [
        subject_of(row[0], given_one) for row, given_one in zip(rows, given_ones, strict=True)
    ]


@pytest.mark.parametrize("name", log_formats())
def test_what_a_record_was_made_from_is_found_again(name: str) -> None:
    """With its score, from what is stored: for every line of every format's samples."""
    samples = [sample.line for sample in log_formats()[name].samples]
    for row in records(samples, formats=(name, "text")):
        assert row["pattern_id"] == pattern_id_of(subject_of_record(row))
        assert row["anomaly_score"] == score_of(row)


@pytest.mark.parametrize(
    ("lines", "template"),
    [
        (
            [
                "Jun 14 15:16:01 alpha sshd[7]: session opened for user root by (uid=0)",
                "Jul 15 05:06:01 bravo su: session opened for user news by (uid=7)",
            ],
            "session opened for user <*> by (uid=<*>)",
        ),
        (
            [
                "2026-02-11 06:43:36,125 INFO [main] shop.Pay: paid 7",
                "2026-02-11 06:43:37,125 WARN [worker] shop.Pay: paid 8",
            ],
            "paid <*>",
        ),
    ],
    ids=["syslog", "log4j"],
)
def test_the_header_of_a_line_does_not_count(lines: list[str], template: str) -> None:
    found = records(lines)
    assert {template_of(subject_of_record(row)) for row in found} == {template}
    assert len({row["pattern_id"] for row in found}) == 1


@pytest.mark.parametrize(
    ("lines", "templates"),
    [
        (['{"message": "job 7"}', '{"message": "job 8"}', '{"msg": "jobs"}'], 2),
        (["2026-11-22 10:00:00 ERROR job 7", "2026-11-22 10:00:01 ERROR job 8"], 1),
        (['{"a": 1}', '{"b": 2}'], 1),
        (['{"method": "GET", "path": "/a/1"}', '{"method": "GET", "path": "/a/2?b=1"}'], 1),
        (
            [
                f'10.0.0.{n} - - [11/Feb/2026:06:43:36 +0000] "GET /item/{n} HTTP/1.1" 200 {n}'
                for n in (1, 2)
            ],
            1,
        ),
    ],
    ids=["json", "text", "json without a message", "json requests", "access log"],
)
def test_records_carry_the_id_of_their_template(lines: list[str], templates: int) -> None:
    found = records(lines)
    assert len({row["pattern_id"] for row in found}) == templates
    for row in found:
        assert row["pattern_id"] == pattern_id_of(subject_of_record(row))
