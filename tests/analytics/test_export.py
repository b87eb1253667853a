"""Downloads of all lines of a query: forms, fields, tenants, formulas, refusals."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from tests.analytics.asking import Ask, as_key, as_person
from tests.factories import Roles, make_user
from tests.storage.records import AT

pytestmark = pytest.mark.django_db


def body_of(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return asyncio.run(read())


def lines_of(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body_of(answer).splitlines()]


def test_ndjson_has_the_records_of_the_api_in_its_order(ask: Ask) -> None:
    expected = ask("logs").json()["results"]
    assert len(expected) == 3
    answer = ask("logs/export")
    assert answer["Content-Type"] == "application/x-ndjson"
    assert lines_of(answer) == expected
    assert lines_of(ask("logs/export", order="asc")) == expected[::-1]
    assert lines_of(ask("logs/export", q="timeout")) == [expected[2]]


def test_chosen_fields_come_in_the_order_asked_for(ask: Ask) -> None:
    (line,) = lines_of(ask("logs/export", q="timeout", fields="level, message,attributes.none"))
    assert list(line.items()) == [
        ("level", "ERROR"),
        ("message", "first timeout"),
        ("attributes.none", None),
    ]


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_fields_are_named_as_in_a_query(ask: Ask, store: Callable[..., Any], form: str) -> None:
    attributes = {"user agent": "a b", "host": "inner", "tags": "api,eu", "a,b": "c", "x\\y": "z"}
    store({"message": "odd", "app": "alpha", "host": "outer", "attributes": attributes})
    names = ["user\\ agent", "attributes.host", "host", "\\h\\o\\s\\t", "tag", "a\\,b", "x\\\\y"]
    body = body_of(ask("logs/export", q="odd", format=form, fields=",".join(names)))
    if form == "ndjson":
        found = json.loads(body)
    elif form == "csv":
        (found,) = csv.DictReader(io.StringIO(body.decode()))
    else:
        (found,) = pl.read_parquet(body).to_dicts()
    assert found == dict(
        zip(names, ["a b", "inner", "outer", "outer", "api,eu", "c", "z"], strict=True)
    )


def test_csv_and_parquet_say_the_same(ask: Ask) -> None:
    expected = ask("logs").json()["results"]
    answer = ask("logs/export", format="csv")
    name = answer["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="logs-alpha-\d{8}T\d{6}Z\.csv"', name)
    rows = list(csv.DictReader(io.StringIO(body_of(answer).decode())))
    assert [row["id"] for row in rows] == [record["id"] for record in expected]
    assert [row["timestamp"] for row in rows] == [record["timestamp"] for record in expected]
    assert [json.loads(row["attributes"]) for row in rows] == [r["attributes"] for r in expected]
    frame = pl.read_parquet(body_of(ask("logs/export", format="parquet")))
    assert frame["message"].to_list() == ["third", "second", "first timeout"]
    assert frame["timestamp"].dtype == pl.Datetime("ns", "UTC")
    assert frame.columns == list(expected[0])


def test_of_nothing_there_is_an_empty_file(ask: Ask) -> None:
    assert body_of(ask("logs/export", q="nothing-like-this")) == b""
    table = body_of(ask("logs/export", q="nothing-like-this", format="csv", fields="id,message"))
    assert table == b"id,message\n"
    frame = pl.read_parquet(
        body_of(ask("logs/export", q="nothing-like-this", format="parquet", fields="id,message"))
    )
    assert (frame.columns, len(frame)) == (["id", "message"], 0)
    assert body_of(ask("logs/export", start="now+1d", end="now+2d")) == b""


def test_who_sees_no_app_gets_an_empty_file(roles: Roles) -> None:
    lonely = as_person(make_user("lonely"))
    assert body_of(lonely("logs/export")) == b""
    frame = pl.read_parquet(body_of(lonely("logs/export", format="parquet", fields="id,message")))
    assert (frame.columns, len(frame)) == (["id", "message"], 0)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", '="a"', "=\n1"]


def test_no_cell_of_a_table_is_a_formula(ask: Ask, store: Callable[..., Any]) -> None:
    moment = AT + timedelta(seconds=30)
    for text in FORMULAS:
        store({"message": text, "app": "alpha", "timestamp": moment, "attributes": {"=k": text}})
    answer = ask("logs/export", format="csv", fields="message,=k,attributes", start="now-31s")
    rows = list(csv.reader(io.StringIO(body_of(answer).decode(), newline="")))
    assert rows[0] == ["message", "'=k", "attributes"]
    found = {row[0] for row in rows[1:]}
    assert {f"'{text}" for text in FORMULAS} == found
    assert all(row[1] == row[0] and row[2].startswith("{") for row in rows[1:])
    plain = lines_of(ask("logs/export", fields="message,=k", start="now-31s"))
    assert {line["message"] for line in plain} == set(FORMULAS)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"format": "xlsx"}, "invalid_parameter"),
        ({"format": ""}, "invalid_parameter"),
        ({"fields": "a,,b"}, "invalid_fields"),
        ({"fields": "a,a"}, "invalid_fields"),
        ({"fields": "a\0"}, "invalid_fields"),
        ({"fields": "x" * 300}, "invalid_fields"),
        ({"fields": ",".join(map(str, range(101)))}, "invalid_fields"),
        ({"q": '"open'}, "invalid_query"),
        ({"q": "message:/[/"}, "invalid_query"),
        ({"level": "loud"}, "invalid_filter"),
        ({"order": "sideways"}, "invalid_request"),
        ({"start": "now", "end": "now-1h"}, "invalid_time_range"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_the_file_begins(
    ask: Ask, parameters: dict[str, str], code: str
) -> None:
    answer = ask("logs/export", **parameters)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_names_of_fields_are_values_and_never_code(ask: Ask) -> None:
    nasty = ["'); DROP TABLE logs --", "`x`", "\\'", '"', "{k0:String}", "attributes", "%s", "é"]
    for fmt in ("ndjson", "csv", "parquet"):
        for name in nasty:
            assert body_of(ask("logs/export", format=fmt, fields=f"{name},message")), name


def test_the_accept_header_does_not_matter(roles: Roles) -> None:
    from django.test import Client

    headers = {"Authorization": f"Bearer {roles.a.query_key}", "Accept": "text/csv"}
    answer = Client().get("/api/v1/logs/export?format=csv", headers=headers)
    assert body_of(answer).startswith(b"id,timestamp,")


@pytest.fixture
def many(store: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines of two apps over two days, exported in many small spans."""
    monkeypatch.setattr("storage.export.run._FIRST_LINES", 3)
    monkeypatch.setattr("storage.export.run._MOST_LINES", 3)
    texts = [f"line {number:03}" for number in range(100)]
    store(
        *(
            {
                "message": text,
                "app": "alpha" if number % 2 else "bravo",
                "timestamp": AT - timedelta(minutes=29 * (99 - number)),
            }
            for number, text in enumerate(texts)
        )
    )
    return texts


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("fmt", ["ndjson", "csv", "parquet"])
def test_many_spans_give_each_line_once_and_in_order(
    roles: Roles,
    many: list[str],
    order: str,
    fmt: str,
) -> None:
    asked = {"start": "now-7d", "q": "line", "order": order, "fields": "message", "format": fmt}
    body = body_of(as_person(roles.owner)("logs/export", **asked))
    if fmt == "parquet":
        found = pl.read_parquet(body)["message"].to_list()
    else:
        found = [text for text in many for _ in range(body.decode().count(text))]
        found.sort(key=lambda text: body.decode().index(text))
    assert found == (many if order == "asc" else many[::-1])
    mine = body_of(as_person(roles.member)("logs/export", **{**asked, "format": "ndjson"}))
    assert len(mine.splitlines()) == 50


class TestTenants:
    """Nobody downloads a line of another app."""

    def test_only_lines_of_the_callers_apps(self, roles: Roles) -> None:
        for ask in (as_key(roles.a.query_key), as_person(roles.member)):
            for fmt in ("ndjson", "csv", "parquet"):
                for q in ("", "app:bravo OR app:alpha", "NOT app:alpha"):
                    assert b"marker-of-bravo" not in body_of(ask("logs/export", format=fmt, q=q))
            assert ask("logs/export", app="bravo").status_code == 404
        assert len(lines_of(as_person(roles.owner)("logs/export"))) == 4

    def test_a_key_for_sending_may_not(self, roles: Roles) -> None:
        assert as_key(roles.a.ingest_key)("logs/export").status_code == 403
