"""The connections: a reader that can only read, limits that hold, errors in our words."""

import threading
from pathlib import Path
from typing import Any

import pytest

from logplatform.kernel.errors import PlatformError
from storage.clickhouse import client
from storage.clickhouse.error_codes import (
    PatternRefused,
    QueryTooExpensive,
    StoreError,
    StoreUnavailable,
)

NASTY = ["a'b", "\\'; DROP TABLE logs; --", "\0\n\t\\", "{x:String}", "é\U0001f600", "x" * 200_000]


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:20])
def test_a_bound_value_comes_back_as_it_is(value: str) -> None:
    assert client.fetch("SELECT {x:String} AS x", {"x": value}) == [{"x": value}]


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE logs",
        "SELECT 1; DROP TABLE logs",
        "TRUNCATE TABLE logs",
        "INSERT INTO schema_migrations (name) VALUES ('x')",
        "ALTER TABLE logs DELETE WHERE 1",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1:1', system.one)",
        "INSERT INTO FUNCTION file('/tmp/x') SELECT 1",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
    ],
)
def test_the_reader_can_only_read_rows(sql: str) -> None:
    with pytest.raises(PlatformError):
        client.fetch(sql)
    assert client.fetch("SELECT count() AS n FROM logs") == [{"n": 0}]


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    ("sql", "limits"),
    [
        ("SELECT groupArray(number) FROM numbers(1000000000)", {}),
        ("SELECT number FROM numbers(2000000)", {}),
        ("SELECT max(sipHash64(number)) FROM numbers(100000000000)", {"max_execution_time": 1}),
        ("SELECT count() FROM numbers(1000000)", {"max_rows_to_read": 10}),
    ],
    ids=["memory", "result rows", "time", "rows"],
)
def test_a_query_beyond_its_limits_is_stopped_and_the_engine_lives(
    sql: str, limits: dict[str, int]
) -> None:
    with pytest.raises(QueryTooExpensive) as caught:
        client.fetch(sql, **limits)
    assert caught.value.status == 422
    assert client.fetch("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.usefixtures("clickhouse")
def test_the_engine_s_own_words_are_not_shown() -> None:
    with pytest.raises(StoreError) as caught:
        client.fetch("SELECT secret_column FROM logs")
    assert "secret" not in caught.value.text + caught.value.advice + str(caught.value.data)
    with pytest.raises(PatternRefused):
        client.fetch("SELECT match('a', '(')")


def test_an_engine_that_is_away_is_a_503_at_once(settings: Any) -> None:
    settings.CLICKHOUSE_URL = "http://default:x@127.0.0.1:9/default"
    client.forget_clients()
    try:
        for act in (lambda: client.fetch("SELECT 1"), lambda: client.run("SELECT 1")):
            with pytest.raises(StoreUnavailable) as caught:
                act()
            assert (caught.value.status, bool(caught.value.retry_after_s)) == (503, True)
    finally:
        client.forget_clients()


@pytest.mark.usefixtures("clickhouse")
def test_threads_share_a_client_and_a_fork_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(client.client_of("reader"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert client.client_of("reader") is not seen[0]


def test_only_storage_speaks_to_the_engine() -> None:
    root = Path(__file__).resolve().parents[3]
    rooms = ("parsing", "ingestion", "analytics", "dashboard", "logplatform")
    offenders = [
        path.relative_to(root)
        for room in rooms
        for path in (root / room).rglob("*.py")
        if "clickhouse_connect" in path.read_text() or "storage.clickhouse" in path.read_text()
    ]
    assert offenders == []
