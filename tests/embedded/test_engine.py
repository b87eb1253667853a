"""The engine as clickhouse-connect sees it."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from tests.embedded.conftest import make_table
from tests.embedded.engines import PASSWORD, Engine

AWKWARD = ["it's", 'say "x"', "back\\slash", "line\nbreak", "tab\there", "naïve €", "{a:b}; --", ""]


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("as_form", [False, True], ids=["url", "form"])
def test_bound_text_comes_back_as_it_was(engine: Engine, value: str, as_form: bool) -> None:
    with engine.client(form_encode_query_params=as_form) as client:
        rows = client.query("SELECT {v:String}", parameters={"v": value}).result_rows
    assert rows == [(value,)]


def test_bound_arrays_numbers_and_identifiers(client: Any, table: str) -> None:
    client.insert(table, [[1, "a"], [2, "b'"]], column_names=["n", "text"])
    rows = client.query(
        "SELECT {n:UInt64} + 1, {all:Array(String)}, text FROM {t:Identifier} "
        "WHERE text IN {all:Array(String)}",
        parameters={"n": 41, "all": AWKWARD + ["b'"], "t": table},
    ).result_rows
    assert rows == [(42, AWKWARD + ["b'"], "b'")]


def test_a_parameter_that_is_missing_is_an_error(client: Any) -> None:
    with pytest.raises(DatabaseError) as error:
        client.query("SELECT {absent:String}")
    assert error.value.code == 456


def test_native_insert_of_many_types(client: Any) -> None:
    client.command("DROP TABLE IF EXISTS types")
    client.command(
        "CREATE TABLE types (a LowCardinality(String), m Map(LowCardinality(String), String), "
        "t DateTime64(9, 'UTC'), u UUID, o Nullable(Int32)) ENGINE = MergeTree ORDER BY a"
    )
    row = ["svc", {"k": "v", "ü": "'"}, datetime(2026, 11, 22, 10, tzinfo=UTC), uuid4(), None]
    client.insert("types", [row])
    (stored,) = client.query("SELECT a, m, toString(t), u, o FROM types").result_rows
    assert stored == (*row[:2], "2026-11-22 10:00:00.000000000", row[3], None)


@pytest.mark.parametrize(
    ("clauses", "before", "code"),
    [
        pytest.param("CONSTRAINT few CHECK n < 100", (), 469, id="constraint"),
        pytest.param(
            "INDEX few n TYPE minmax",
            ("SYSTEM STOP MERGES refusing", "INSERT INTO refusing (n) VALUES (1)"),
            252,
            id="too many parts",
        ),
        pytest.param(
            "INDEX few n TYPE minmax",
            (
                "CREATE MATERIALIZED VIEW fails TO refusing"
                " AS SELECT throwIf(n > 99) AS n FROM feeds",
            ),
            395,
            id="view",
        ),
    ],
)
def test_an_insert_that_fails_while_it_writes_is_not_called_stored(
    client: Any, clauses: str, before: tuple[str, ...], code: int
) -> None:
    for name in ("fails", "feeds", "refusing"):
        client.command(f"DROP TABLE IF EXISTS {name}")
    many = "parts_to_throw_insert = 1, parts_to_delay_insert = 1, max_delay_to_insert = 0"
    client.command(
        f"CREATE TABLE refusing (n UInt64, {clauses}) ENGINE = MergeTree ORDER BY n SETTINGS {many}"
    )
    client.command("CREATE TABLE feeds (n UInt64) ENGINE = MergeTree ORDER BY n")
    for statement in before:
        client.command(statement)
    table = "feeds" if code == 395 else "refusing"
    with pytest.raises(DatabaseError) as error:
        client.raw_insert(table, ["n"], b"7\n200\n", fmt="TSV")
    assert error.value.code == code
    assert client.query("SELECT count() FROM refusing WHERE n IN (7, 200)").first_item == {
        "count()": 0
    }


def test_an_insert_over_what_is_read_at_once_is_whole(client: Any, table: str) -> None:
    line = b"%d\t" + b"x" * 900 + b"\n"
    rows = b"".join(line % number for number in range(150_000))
    client.raw_insert(table, ["n", "text"], rows, fmt="TSV")
    (found,) = client.query(
        f"SELECT count(), uniqExact(n), min(length(text)) FROM {table}"
    ).result_rows
    assert len(rows) > 128 << 20
    assert found == (150_000, 150_000, 900)


def test_arrow_in_and_out(client: Any, table: str) -> None:
    rows = pa.table({"n": pa.array(range(50_000), pa.uint64()), "text": ["x"] * 50_000})
    summary = client.insert_arrow(table, rows)
    assert summary.written_rows == 50_000
    back = client.query_arrow(f"SELECT n, text FROM {table} ORDER BY n")
    assert back["n"].to_pylist() == list(range(50_000))


def test_an_arrow_result_streams_as_one_arrow_stream(client: Any) -> None:
    query = "SELECT number AS n, toLowCardinality(toString(number % 7)) AS c FROM numbers(300000)"
    with client.query_arrow_stream(query) as stream:
        batches = list(stream)
    assert len(batches) > 1
    assert sum(sum(batch["n"].to_pylist()) for batch in batches) == sum(range(300_000))


def test_an_empty_arrow_result_still_has_its_columns(client: Any) -> None:
    with client.query_arrow_stream("SELECT 1 AS n WHERE 0") as stream:
        assert [batch for batch in stream if batch.num_rows] == []
    assert client.query_arrow("SELECT 1 AS n WHERE 0").schema.names == ["n"]


def test_rows_stream_in_blocks(client: Any) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks:
        sizes = [len(block) for block in blocks]
    assert len(sizes) > 1
    assert sum(sizes) == 300_000


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ("SELECT * FROM absent", 60, "UNKNOWN_TABLE"),
        ("SELECT absent", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT absent(1)", 46, "UNKNOWN_FUNCTION"),
        ("SELECT FROM WHERE", 62, "SYNTAX_ERROR"),
        ("SELECT throwIf(1, 'of (course)')", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT 1 SETTINGS no_such_setting = 1", 115, "UNKNOWN_SETTING"),
    ],
)
def test_errors_carry_clickhouse_codes(client: Any, query: str, code: int, name: str) -> None:
    with pytest.raises(
        DatabaseError, match=rf"Code: {code}\. DB::Exception: .*\({name}\)"
    ) as error:
        client.query(query)
    assert error.value.code == code


def test_an_error_in_the_middle_of_a_stream_reaches_the_client(client: Any) -> None:
    query = "SELECT throwIf(number = 900000) FROM numbers(1000000)"
    with (
        pytest.raises(StreamFailureError, match="FUNCTION_THROW_IF"),
        client.query_row_block_stream(query) as blocks,
    ):
        list(blocks)


def test_settings_end_with_their_request(client: Any) -> None:
    query = "SELECT getSetting('max_threads')"
    with_setting = client.query(query, settings={"max_threads": 7}).result_rows
    client.command("SET max_threads = 9")
    assert (with_setting, client.query(query).result_rows[0][0] not in (7, 9)) == ([(7,)], True)


def test_readonly_ends_with_its_request(client: Any, table: str) -> None:
    with pytest.raises(DatabaseError, match="READONLY"):
        client.command(f"TRUNCATE TABLE {table}", settings={"readonly": 1})
    client.command(f"TRUNCATE TABLE {table}")


def test_readonly_freezes_the_limits_set_beside_it(client: Any) -> None:
    limits = {"max_result_rows": 10, "result_overflow_mode": "throw", "readonly": 1}
    with pytest.raises(DatabaseError) as error:
        client.query("SELECT number FROM numbers(11)", settings=limits)
    assert error.value.code == 396
    with pytest.raises(DatabaseError) as error:
        client.query("SELECT 1 SETTINGS max_result_rows = 0", settings=limits)
    assert error.value.code == 164


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
        "INSERT INTO FUNCTION file('/tmp/never', 'TSV', 'a UInt8') SELECT 1",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
        "SELECT 1; DROP TABLE {table}",
        "DROP TABLE {table}",
        "SET readonly = 0",
        "CREATE TABLE other (a UInt8) ENGINE = Memory",
    ],
)
def test_a_reader_cannot_leave_its_box(client: Any, table: str, query: str) -> None:
    with pytest.raises(DatabaseError):
        client.command(query.replace("{table}", table), settings={"readonly": 1})
    assert client.command(f"EXISTS TABLE {table}") == 1


def test_a_token_stores_once(client: Any, table: str, count: Callable[[], int]) -> None:
    rows = pa.table({"n": pa.array([1, 2], pa.uint64()), "text": ["a", "b"]})
    for token in ("one", "one", "two"):
        client.insert_arrow(table, rows, settings={"insert_deduplication_token": token})
    assert count() == 4


def test_a_token_holds_after_kill_9(own_engine: Callable[[], Engine]) -> None:
    rows = pa.table({"n": pa.array(range(1000), pa.uint64()), "text": ["a"] * 1000})
    settings = {"insert_deduplication_token": "once"}
    engine = own_engine()
    with engine.client() as client:
        name = make_table(client)
        client.insert_arrow(name, rows, settings=settings)
    engine.kill()
    with own_engine().client() as client:
        client.insert_arrow(name, rows, settings=settings)
        assert client.query(f"SELECT count() FROM {name}").result_rows == [(1000,)]


def test_a_long_query_does_not_delay_short_ones(client: Any, engine: Engine) -> None:
    def long() -> None:
        with engine.client() as other:
            other.query(
                "SELECT sum(sleepEachRow(0.1)) FROM numbers(20) SETTINGS max_block_size = 1"
            )

    thread = threading.Thread(target=long)
    thread.start()
    took = []
    while thread.is_alive():
        began = time.perf_counter()
        client.query("SELECT 1")
        took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.05


def test_a_query_over_its_memory_limit_says_so(client: Any) -> None:
    query = "SELECT groupArray(toString(number)) FROM numbers(20000000)"
    with pytest.raises(DatabaseError) as error:
        client.query(query, settings={"max_memory_usage": 50_000_000})
    assert error.value.code == 241


def test_the_whole_engine_has_a_memory_limit(client: Any) -> None:
    query = "SELECT length(groupArray(repeat(toString(number), 20))) FROM numbers(50000000)"
    with pytest.raises(DatabaseError) as error:
        client.query(query, settings={"max_memory_usage": 0})
    assert error.value.code == 241
    assert client.query("SELECT 1").result_rows == [(1,)]


def test_a_wrong_password_is_refused(engine: Engine) -> None:
    with pytest.raises(DatabaseError, match="password is in .*password") as error:
        engine_client(engine, "wrong")
    assert error.value.code == 516


def test_another_user_is_refused(engine: Engine) -> None:
    with pytest.raises(DatabaseError, match="admin: Authentication failed"):
        engine_client(engine, PASSWORD, user="admin")


def engine_client(engine: Engine, password: str, user: str = "default") -> Any:
    """A client with these credentials."""
    import clickhouse_connect

    return clickhouse_connect.get_client(
        host="127.0.0.1", port=engine.port, username=user, password=password
    )


def test_databases_are_apart(client: Any, engine: Engine) -> None:
    client.command("CREATE DATABASE IF NOT EXISTS `odd ``name`")
    with engine.client(database="odd `name") as other:
        other.command("CREATE TABLE IF NOT EXISTS inside (a UInt8) ENGINE = Memory")
        assert other.command("EXISTS TABLE inside") == 1
    assert client.command("EXISTS TABLE inside") == 0


def test_what_a_search_decompressed_is_kept(client: Any, table: str) -> None:
    def kept() -> int:
        client.query(f"SELECT text FROM {table} LIMIT 1", settings={"use_uncompressed_cache": 1})
        counted = "SELECT sum(value) FROM system.events WHERE event = 'UncompressedCacheHits'"
        return int(client.query(counted).result_rows[0][0])

    client.insert(table, [[1, "a"]], column_names=["n", "text"])
    first = kept()
    assert kept() > first


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_server_memory_usage", 1 << 30),
        ("merges_mutations_memory_usage_soft_limit", 1 << 29),
        ("memory_worker_purge_dirty_pages_threshold_ratio", 0.0625),
        ("background_merges_mutations_scheduling_policy", "shortest_task_first"),
        ("os_threads_nice_value_merge_mutate", 5),
    ],
)
def test_what_bounds_its_memory_is_known_to_it(client: Any, name: str, value: object) -> None:
    sql = "SELECT value, changed FROM system.server_settings WHERE name = {name:String}"
    assert client.query(sql, parameters={"name": name}).result_rows == [(str(value), 1)]
