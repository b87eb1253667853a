"""The parse API and `manage.py parse`: exactly what would be stored, and nothing is stored."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from ingestion.authentication import forget_cached_keys
from ingestion.models import Source
from tests.clients import signed_in
from tests.factories import Tenant, make_roles, make_tenant

pytestmark = pytest.mark.django_db

_SSH = "Feb 11 06:43:36 web-1 sshd[77]: Failed password for root from 10.0.0.9 port 22 ssh2"


def _client(tenant: Tenant, *, scope: str = "ingest") -> Client:
    forget_cached_keys()
    key = tenant.ingest_key if scope == "ingest" else tenant.query_key
    return Client(headers={"Authorization": f"Bearer {key}"})


def _parse(client: Client, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = client.post("/api/v1/parse", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("alpha")


@pytest.mark.parametrize("scope", ["ingest", "query"])
def test_a_key_of_either_scope_sees_what_would_be_stored(tenant: Tenant, scope: str) -> None:
    """The whole record, with the app and source of the key."""
    found = _parse(_client(tenant, scope=scope), {"raw_log": _SSH})
    (record,) = found["records"]
    assert (found["format"], found["rejects"]) == ("openssh", [])
    assert 0.8 < found["confidence"] <= 1
    assert (record["app"], record["service"], record["level"]) == (tenant.app.slug, "sshd", "WARN")
    assert record["attributes"]["client_ip"] == "10.0.0.9"
    assert record["message"] == _SSH


def test_lines_are_answered_one_by_one(tenant: Tenant) -> None:
    """Refused ones with null and the reason."""
    lines = [_SSH, "hello", '{"message": "m"}']
    found = _parse(_client(tenant), {"lines": lines, "format": ["openssh", "json"]})
    assert [record is None for record in found["records"]] == [False, True, False]
    assert found["formats"] == ["openssh", None, "json"]
    assert found["rejects"] == [
        {"line": 1, "reason": "format_mismatch: the line is not openssh, json"}
    ]


def test_the_settings_of_the_source_count(tenant: Tenant) -> None:
    """Unless the request names a format."""
    Source.objects.update(format="json,text", zone="Asia/Tokyo")
    found = _parse(_client(tenant), {"raw_log": "2026-02-11 06:43:36 hello"})
    assert found["formats"] == ["text"]
    assert found["records"][0]["timestamp"] == "2026-02-10T21:43:36Z"
    assert _parse(_client(tenant), {"raw_log": _SSH, "format": "openssh"})["format"] == "openssh"


def test_a_json_array_is_read_as_the_door_reads_it(tenant: Tenant) -> None:
    """Its elements are the lines."""
    found = _parse(_client(tenant), {"raw_log": '[{"message": "a"}, {"message": "b"}]'})
    assert [record["message"] for record in found["records"]] == ["a", "b"]


def test_lines_of_a_trace_are_told_to_be_joined(tenant: Tenant) -> None:
    """They are neither records of their own nor refused."""
    text = "2026-02-11 06:43:36,125 ERROR [main] a.B: x\n\tat a.B.c(B.java:7)\nnext"
    found = _parse(_client(tenant), {"raw_log": text})
    assert (found["joined"], found["rejects"]) == ([1], [])
    assert found["formats"] == ["log4j", None, "text"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"raw_log": "a", "lines": ["a"]},
        {"raw_log": ""},
        {"raw_log": "\n \n"},
        {"lines": []},
        {"lines": ["a\nb"]},
        {"lines": ["a", " "]},
        {"lines": ["a"] * 1001},
        {"lines": [{"a": 1}]},
        {"raw_log": "a\n" * 1002},
        {"raw_log": "a", "format": "nothing"},
        {"raw_log": "a", "format": {"a": 1}},
        [],
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_cannot_be_tried_is_refused_with_a_reason(tenant: Tenant, body: Any) -> None:
    """Never with our own failure."""
    assert _parse(_client(tenant), body, status=400)["error"]["message"]


@pytest.mark.parametrize("text", ["\x01", "é\r\n\r\n", "{", "\ufeff{}", "<34>", "\u2028"])
def test_odd_lines_get_an_answer(tenant: Tenant, text: str) -> None:
    """Each line is a record or refused."""
    found = _parse(_client(tenant), {"raw_log": f"x\n{text}"})
    assert len(found["records"]) == len(found["formats"])


def test_people_may_try_lines_as_well() -> None:
    """Without a source there are no settings."""
    client = signed_in(make_roles().member)
    assert _parse(client, {"raw_log": _SSH})["records"][0]["source"] == ""


@pytest.mark.usefixtures("clickhouse")
def test_nothing_is_stored(tenant: Tenant) -> None:
    """Neither a line nor a rejected one."""
    _parse(_client(tenant), {"lines": [_SSH, "hello"], "format": "openssh"})
    reader = _client(tenant, scope="query")
    assert reader.get("/api/v1/logs/stats").json()["total"] == 0
    assert reader.get("/api/v1/quarantine").json()["results"] == []


def test_formats_and_patterns_are_listed(tenant: Tenant) -> None:
    """With what a form needs to show them."""
    formats = _client(tenant).get("/api/v1/parse/formats").json()["formats"]
    assert len(formats) >= 80
    combined = next(each for each in formats if each["name"] == "access_combined")
    assert combined["examples"][0].startswith("10.0.0.7")
    assert {"name": "bytes", "type": "int", "unit": "byte"} in combined["fields"]
    patterns = _client(tenant).get("/api/v1/parse/patterns").json()["patterns"]
    assert {"name", "title", "regex", "example"} == set(patterns[0])


def test_the_terminal_shows_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text, and as NDJSON; refused lines and the sum of formats beside it."""
    file = tmp_path / "app.log"
    file.write_text(f"{_SSH}\n\nhello\n", "utf-8")
    call_command("parse", str(file))
    shown = capsys.readouterr()
    assert "WARN  [openssh] Feb 11" in shown.out
    assert 'client_ip="10.0.0.9"' in shown.out
    assert "2 lines: openssh 1, text 1" in shown.err
    call_command("parse", str(file), "--format", "openssh", "--json")
    shown = capsys.readouterr()
    assert json.loads(shown.out)["service"] == "sshd"
    assert "line 2: format_mismatch" in shown.err


def parsed(file: Path, text: str, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    """What the terminal shows of a file: records, and what stands beside them."""
    file.write_text(text, "utf-8")
    call_command("parse", str(file), "--json", *options)
    shown = capsys.readouterr()
    return [json.loads(line) for line in shown.out.splitlines()], shown.err


@pytest.mark.parametrize("at_once", [3, 4, 5, 7, 5000])
def test_the_terminal_joins_traces_wherever_its_pieces_end(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    monkeypatch.setattr("ingestion.management.commands.parse._LINES_AT_ONCE", at_once)
    trace = "2026-11-01 10:00:00,1 ERROR app: no\nTraceback (most recent call last):\n  at a\nE: x"
    plain = "2026-11-01 10:00:01,1 INFO app: fine"
    text = "\n".join([plain, trace, plain, trace, trace, plain])
    found, beside = parsed(tmp_path / "a.log", text, capsys)
    assert [record["message"].count("\n") for record in found] == [0, 3, 0, 3, 3, 0]
    assert "15 lines: joined 9, " in beside
    found, beside = parsed(tmp_path / "a.log", text, capsys, "--single-lines")
    assert len(found) == 15


def test_the_terminal_keeps_the_header_of_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.management.commands.parse._LINES_AT_ONCE", 2)
    text = "number,message\n1,one\n2,two\n3,three\n4"
    found, beside = parsed(tmp_path / "a.csv", text, capsys, "--format", "csv")
    assert [record["attributes"].get("number") for record in found] == [None, "1", "2", "3"]
    assert "line 5: column_count" in beside


def test_the_terminal_reads_what_comes_whole_as_the_door_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretty = json.dumps([{"message": "one"}, {"message": "two"}], indent=2)
    found, _ = parsed(tmp_path / "a.json", pretty, capsys)
    assert [record["message"] for record in found] == ["one", "two"]
    export = "__CURSOR=1\n__REALTIME_TIMESTAMP=1770792216125001\nMESSAGE=one\n\n"
    found, _ = parsed(tmp_path / "a.journal", export, capsys)
    assert [(each["format"], each["message"]) for each in found] == [("journald", "one")]
