"""The engine as curl sees it: framing, formats, compression, broken requests."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import lz4.frame
import pytest
import zstandard

from tests.embedded.engines import PASSWORD, Engine
from tests.services import wait_until

AUTH = f"X-ClickHouse-Key: {PASSWORD}\r\n"


def test_ping_needs_no_password(engine: Engine) -> None:
    answer = httpx.get(f"{engine.url}ping")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


@pytest.mark.parametrize(
    ("parameters", "headers", "expected"),
    [
        ({}, {}, "1\ta'\n"),
        ({"default_format": "JSONEachRow"}, {}, '{"n":1,"t":"a\'"}\n'),
        ({}, {"X-ClickHouse-Format": "CSV"}, '1,"a\'"\n'),
        ({"query": "SELECT 1 AS n, 'a\\'' AS t FORMAT TSKV"}, {}, "n=1\tt=a'\n"),
    ],
    ids=["default", "default_format", "header", "clause"],
)
def test_output_formats(
    http: httpx.Client, parameters: dict[str, str], headers: dict[str, str], expected: str
) -> None:
    query = {"query": "SELECT 1 AS n, 'a\\'' AS t", **parameters}
    answer = http.get("/", params=query, headers=headers)
    assert answer.text.replace("\\'", "'") == expected


def test_the_answer_describes_itself(http: httpx.Client) -> None:
    answer = http.post(
        "/", params={"query_id": "mine", "wait_end_of_query": 1}, content="SELECT 1 FORMAT JSON"
    )
    summary = json.loads(answer.headers["X-ClickHouse-Summary"])
    assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
    assert answer.headers["X-ClickHouse-Format"] == "JSON"
    assert answer.headers["X-ClickHouse-Timezone"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (summary["read_rows"], int(summary["elapsed_ns"]) > 0) == ("1", True)
    assert answer.json()["data"] == [{"1": 1}]


def test_the_query_parameter_and_the_body_are_one_text(http: httpx.Client) -> None:
    answer = http.post("/", params={"query": "SELECT 1 +"}, content="41 FORMAT CSV")
    assert answer.text == "42\n"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("SELECT * FROM absent", 404, 60),
        ("SELEC 1", 400, 62),
        ("SELECT 1; SELECT 2", 400, 62),
        ("SELECT throwIf(1)", 500, 395),
        ("", 400, 62),
        ("SELECT 1 FORMAT Absent", 404, 73),
        ("SELECT toUInt8('x')", 400, 6),
    ],
)
def test_errors_have_the_status_of_clickhouse(
    http: httpx.Client, query: str, status: int, code: int
) -> None:
    answer = http.post("/", content=query)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (
        status,
        str(code),
    )
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version 26." in answer.text


def test_no_password_is_refused_before_the_body_is_read(engine: Engine) -> None:
    answer = httpx.post(engine.url, content="SELECT 1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")


@pytest.mark.parametrize("way", ["basic", "url"])
def test_other_ways_to_say_the_password(engine: Engine, way: str) -> None:
    options: dict[str, Any] = (
        {"auth": ("default", PASSWORD)} if way == "basic" else {"params": {"password": PASSWORD}}
    )
    request = httpx.Request(
        "POST", engine.url, content="SELECT 1", params=options.pop("params", {})
    )
    with httpx.Client(**options) as client:
        assert client.send(request).text == "1\n"


def test_a_get_changes_nothing(http: httpx.Client, table: str) -> None:
    answer = http.get("/", params={"query": f"DROP TABLE {table}"})
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get("/", params={"query": "SELECT 1", "max_threads": 1}).text == "1\n"


def test_json_rows_are_inserted(http: httpx.Client, table: str, count: Callable[[], int]) -> None:
    rows = "".join(json.dumps({"n": n, "text": "ü;'\n"}) + "\n" for n in range(1000))
    answer = http.post(
        "/", params={"query": f"INSERT INTO {table} FORMAT JSONEachRow"}, content=rows
    )
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "1000"
    assert count() == 1000


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO {t} (n, text) VALUES (1, 'a;b'), (2, ')--')",
        "INSERT INTO {t} (n, text) VALUES (1, {p:String}), (1+1, 'x');",
        "-- why; not\nINSERT INTO {t} /* ; FORMAT */ FORMAT TSV\n1\ta\n2\tb\n",
        'insert into {t} settings async_insert = 0 format CSV\r\n1,a\n2,"b\nc"\n',
        "INSERT INTO {t} FORMAT TSV 1\ta\n2\tb\n",
        "INSERT INTO {t} SELECT number, 'x' FROM numbers(2);",
    ],
)
def test_statement_and_rows_in_one_body(
    http: httpx.Client, table: str, count: Callable[[], int], text: str
) -> None:
    body = text.replace("{t}", table).encode()
    answer = http.post("/", params={"param_p": "it\\'s\\n"}, content=body)
    assert (answer.status_code, count()) == (200, 2), answer.text


def test_a_parameter_in_values_is_unescaped(http: httpx.Client, table: str, client: Any) -> None:
    text = f"INSERT INTO {table} VALUES (1, {{p:String}})"
    http.post("/", params={"query": text, "param_p": "a\\tb\\\\n'"}).raise_for_status()
    assert client.query(f"SELECT text FROM {table}").result_rows == [("a\tb\\n'",)]


def test_a_bad_row_stores_nothing(http: httpx.Client, table: str, count: Callable[[], int]) -> None:
    answer = http.post("/", content=f"INSERT INTO {table} FORMAT TSV\n1\ta\nx\tb\n")
    assert (answer.status_code, count()) == (400, 0)


def test_rows_from_input_are_refused_not_dropped(http: httpx.Client, table: str) -> None:
    text = f"INSERT INTO {table} SELECT n, 'x' FROM input('n UInt64') FORMAT TSV\n1\n"
    assert http.post("/", content=text).status_code == 501


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
}


@pytest.mark.parametrize("encoding", COMPRESSORS)
def test_compressed_rows(
    http: httpx.Client, table: str, count: Callable[[], int], encoding: str
) -> None:
    query, headers = {"query": f"INSERT INTO {table} FORMAT TSV"}, {"Content-Encoding": encoding}
    halves = [b"".join(b"%d\tx\n" % n for n in range(k, k + 5000)) for k in (0, 5000)]
    body = b"".join(COMPRESSORS[encoding](half) for half in halves)
    if encoding == "deflate":
        body = zlib.compress(b"".join(halves))
    assert http.post("/", params=query, content=body, headers=headers).status_code == 200
    assert count() == 10_000
    cut = http.post("/", params=query, content=body[:-9], headers=headers)
    assert (cut.status_code, count()) == (400, 10_000)
    broken = http.post("/", params=query, content=b"no" + body, headers=headers)
    assert (broken.status_code, count()) == (400, 10_000)


def test_an_unknown_encoding_is_named(http: httpx.Client) -> None:
    answer = http.post("/", content=b"x", headers={"Content-Encoding": "br"})
    assert (answer.status_code, "'br'" in answer.text) == (415, True)


def test_a_chunked_body_is_inserted(
    http: httpx.Client, table: str, count: Callable[[], int]
) -> None:
    def pieces() -> Iterator[bytes]:
        for n in range(100):
            yield b"%d\tx\n" % n

    query = {"query": f"INSERT INTO {table} FORMAT TSV"}
    assert http.post("/", params=query, content=pieces()).status_code == 200
    assert count() == 100


@pytest.mark.parametrize(
    "body",
    [
        "Content-Length: 100\r\n\r\nINSERT INTO {t} FORMAT TSV\n1\ta\n2\tb\n",
        "Transfer-Encoding: chunked\r\n\r\n40\r\nINSERT INTO {t} FORMAT TSV\n1\ta\n",
        "Transfer-Encoding: chunked\r\n\r\n3f\r\nINSERT INTO {t} FORMAT TSV\n1\ta\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3f\r\nINSERT INTO {t} FORMAT TSV\n1\ta\n\r\n0\r\n",
    ],
    ids=["length", "in a chunk", "after a chunk", "before the last line"],
)
def test_a_torn_body_is_not_run(engine: Engine, table: str, client: Any, body: str) -> None:
    with socket.create_connection(("127.0.0.1", engine.port)) as peer:
        peer.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{AUTH}{body}".replace("{t}", table).encode())
        peer.shutdown(socket.SHUT_WR)
        assert not peer.recv(100).startswith(b"HTTP/1.1 200")
    assert client.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Content-Length: nine\r\n", 400),
        ("Transfer-Encoding: gzip\r\n", 400),
        ("", 500),
    ],
    ids=["both", "no number", "coding", "neither"],
)
def test_unclear_framing_is_refused(engine: Engine, head: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", engine.port)) as peer:
        peer.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{AUTH}{head}\r\nSELECT 1".encode())
        peer.shutdown(socket.SHUT_WR)
        line = peer.recv(100).split(b"\r\n")[0]
    assert line.startswith(b"HTTP/1.1 411" if not head else f"HTTP/1.1 {status}".encode())


def test_a_failing_stream_never_looks_complete(http: httpx.Client) -> None:
    query = "SELECT throwIf(number = 900000) FROM numbers(1000000) FORMAT TSV"
    with http.stream("POST", "/", content=query) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()


def test_the_first_rows_arrive_before_the_query_ends(http: httpx.Client) -> None:
    began = time.monotonic()
    query = "SELECT sleep(0.5), number FROM numbers(500000) FORMAT TSV"
    with http.stream("POST", "/", content=query) as answer:
        assert next(answer.iter_raw()).startswith(b"0\t0\n")
        assert time.monotonic() - began < 2


def test_a_query_ends_when_its_client_leaves(engine: Engine, client: Any) -> None:
    query = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number) = 1'"
    running += " AND query NOT LIKE '%system.processes%'"
    body = f"POST /?wait_end_of_query=1 HTTP/1.1\r\nHost: x\r\n{AUTH}"
    with socket.create_connection(("127.0.0.1", engine.port)) as peer:
        peer.sendall(f"{body}Content-Length: {len(query)}\r\n\r\n{query}".encode())
        wait_until(lambda: client.query(running).result_rows == [(1,)], 5)
    wait_until(lambda: client.query(running).result_rows == [(0,)], 5)


def test_a_query_is_killed_by_the_id_its_client_gave(http: httpx.Client, client: Any) -> None:
    query = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 2"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(http.post, "/", params={"query_id": "mine"}, content=query)

        def is_over() -> bool:
            kill = "KILL QUERY WHERE query_id = {query_id:String} ASYNC"
            client.command(kill, parameters={"query_id": "mine"})
            return asked.done()

        wait_until(is_over, 5)
    assert asked.result().headers["X-ClickHouse-Exception-Code"] == "394"


def test_a_stream_nobody_reads_is_cancelled_when_its_client_leaves(
    engine: Engine, client: Any
) -> None:
    query = "SELECT number, 'unread stream' FROM numbers(100000000000) FORMAT TSV"
    running = "SELECT count() FROM system.processes WHERE query LIKE '%unread stream%'"
    running += " AND query NOT LIKE '%system.processes%'"
    with socket.create_connection(("127.0.0.1", engine.port)) as peer:
        head = f"POST / HTTP/1.1\r\nHost: x\r\n{AUTH}Content-Length: {len(query)}\r\n\r\n"
        peer.sendall(f"{head}{query}".encode())
        assert peer.recv(100).startswith(b"HTTP/1.1 200")
    wait_until(lambda: client.query(running).result_rows == [(0,)], 5)


def test_idle_connections_do_not_block_new_ones(engine: Engine, http: httpx.Client) -> None:
    idle = [socket.create_connection(("127.0.0.1", engine.port)) for _ in range(150)]
    try:
        for peer in idle:
            peer.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
            assert peer.recv(1000).startswith(b"HTTP/1.1 200")
        assert http.post("/", content="SELECT 1").text == "1\n"
    finally:
        for peer in idle:
            peer.close()


def test_one_connection_serves_many_requests(engine: Engine) -> None:
    request = f"POST / HTTP/1.1\r\nHost: x\r\n{AUTH}Content-Length: 8\r\n\r\nSELECT 7".encode()
    with socket.create_connection(("127.0.0.1", engine.port)) as peer:
        peer.sendall(request * 5)
        received = b""
        while received.count(b"7\n") < 5:
            received += peer.recv(65536)
    assert received.count(b"HTTP/1.1 200 OK") == 5


def test_unknown_paths_and_methods(http: httpx.Client) -> None:
    assert http.get("/absent").status_code == 404
    assert http.put("/", content="x").status_code in (400, 501)


def test_results_of_queries_side_by_side_never_mix(engine: Engine) -> None:
    """A result that was freed while it was sent showed bytes of other people's results."""

    def wrong_answers(number: int) -> int:
        sql = "SELECT {n:UInt8} AS n, repeat('x', 300) AS s FROM numbers({rows:UInt32})"
        wrong = 0
        with engine.http() as http:
            for rows in range(200, 320):
                parameters = {"param_n": number, "param_rows": rows, "wait_end_of_query": 1}
                query = {"query": f"{sql} FORMAT TSV", **parameters}
                answer = http.get("/", params=query).text
                wrong += answer != f"{number}\t{'x' * 300}\n" * rows
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wrong_answers, range(8))) == 0
