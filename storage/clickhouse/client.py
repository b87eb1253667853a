"""The connections to the log engine: the only place that speaks to it.

Three roles a process: `reader` has per-query limits and is read-only, `writer` inserts and
migrates, `probe` reads too, but does not wait for an engine that hangs.
A client keeps a pool of connections, is shared by threads, and is made anew after a fork.
"""

import logging
import os
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import orjson
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError
from clickhouse_connect.driver.httputil import get_pool_manager
from django.conf import settings
from urllib3.exceptions import HTTPError

from storage import turns
from storage.callers import asking
from storage.clickhouse.ddl import cluster_clause
from storage.clickhouse.error_codes import StoreUnavailable, from_driver, from_stream

Role = Literal["reader", "writer", "probe"]
Row = dict[str, Any]

CONNECT_S = 3
READ_S = 30
PROBE_S = 5
POOL = 64
PIECE_BYTES = 1 << 20
# What one search may use. `readonly` comes last: it freezes the settings before it.
READER_LIMITS: dict[str, Any] = {
    "max_execution_time": 20,
    "timeout_overflow_mode": "throw",
    "max_memory_usage": 1 << 30,
    "max_bytes_before_external_group_by": 256 << 20,
    "max_bytes_before_external_sort": 256 << 20,
    "max_result_rows": 1_000_000,
    "result_overflow_mode": "throw",
    "max_threads": 4,
    "max_query_size": 1 << 20,
    # Indexes first, then no more than they leave: parts without a match are never opened.
    "use_skip_indexes_on_data_read": 0,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_named_tuples_as_objects": 1,
    "readonly": 1,
}
WRITER_SETTINGS: dict[str, Any] = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    # A repeated token finds the lines there and must still find the counts missing, or there too.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
}

# They say at length what `error_codes` says in one line; the driver sets the level of the second.
for _name in ("clickhouse_connect", "urllib3"):
    logging.getLogger(_name).setLevel(logging.ERROR)

_clients: dict[tuple[Role, int], Client] = {}
_lock = threading.Lock()


def client_of(role: Role) -> Client:
    """The client of this process. Raises: StoreUnavailable."""
    key = (role, os.getpid())
    found = _clients.get(key)
    if found is not None:
        return found
    with _lock:
        if key not in _clients:
            _clients[key] = _connect(role, settings.CLICKHOUSE_URL)
        return _clients[key]


def forget_clients() -> None:
    """Connect anew at the next use, as when `CLICKHOUSE_URL` is another."""
    with _lock:
        _clients.clear()


def _connect(role: Role, url: str, *, database: str | None = None) -> Client:
    if not url:
        raise StoreUnavailable()
    parts = urlsplit(url)
    try:
        return clickhouse_connect.get_client(
            interface=parts.scheme,
            host=parts.hostname,
            port=parts.port or (8443 if parts.scheme == "https" else 8123),
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=database or database_name(),
            settings=WRITER_SETTINGS if role == "writer" else READER_LIMITS,
            connect_timeout=CONNECT_S,
            send_receive_timeout=PROBE_S if role == "probe" else READ_S,
            compress=parts.hostname not in ("127.0.0.1", "localhost", "::1"),
            autogenerate_session_id=False,
            pool_mgr=get_pool_manager(maxsize=POOL, num_pools=1),
        )
    except DriverError as error:
        raise from_driver(error, is_write=role == "writer") from error


def database_name() -> str:
    """The database of `CLICKHOUSE_URL`."""
    return urlsplit(settings.CLICKHOUSE_URL).path.strip("/") or "default"


def create_database(cluster_clause: str) -> None:
    """Make the database of the URL; the only statement sent outside of it."""
    name = database_name().replace("`", "")
    client = _connect("writer", settings.CLICKHOUSE_URL, database="default")
    try:
        client.command(f"CREATE DATABASE IF NOT EXISTS `{name}`{cluster_clause}")
    except DriverError as error:
        raise from_driver(error, is_write=True) from error
    finally:
        client.close()


def fetch(sql: str, params: Mapping[str, Any] | None = None, **limits: Any) -> list[Row]:
    """Run a SELECT as the reader.

    Args:
        sql: with `{name:Type}` for every value.
        params: the values.
        limits: settings for this query, such as `max_execution_time`.
    Returns:
        One dict a row: 64-bit integers as int, UUID as text, Map as dict.
    Raises:
        TooManyQueries, QueryTooExpensive, StoreUnavailable, StoreError.
    """
    return [orjson.loads(line) for line in _read(sql, params, limits, "JSONEachRow").splitlines()]


def fetch_arrow(sql: str, params: Mapping[str, Any] | None = None, **limits: Any) -> bytes:
    """Run a SELECT as the reader; its rows as an Arrow stream in which text is binary.

    Args and errors: as `fetch`.
    """
    return _read(sql, params, {**limits, "output_format_arrow_string_as_string": 0}, "ArrowStream")


def _read(sql: str, params: Mapping[str, Any] | None, limits: Mapping[str, Any], fmt: str) -> bytes:
    given = dict(params or {})
    # Every question about one app binds its slug to this name; see `storage.where`.
    app = str(given.get("app", ""))
    with asking(turns.questions(), app=app, cancel=cancel) as own:
        try:
            return client_of("reader").raw_query(
                sql, parameters=given, settings={**own, **limits}, fmt=fmt
            )
        except DriverError as error:
            raise from_driver(error, is_write=False) from error


def probe() -> None:
    """Read from the table of lines. Raises: StoreUnavailable, StoreError."""
    try:
        client_of("probe").raw_query("SELECT 1 FROM logs LIMIT 1")
    except DriverError as error:
        raise from_driver(error, is_write=True) from error


def stream(
    sql: str, params: Mapping[str, Any] | None, *, fmt: str, **limits: Any
) -> Generator[bytes]:
    """Run a SELECT as the reader; its result in pieces, none read before it is asked for.

    Args and errors: as `fetch`; an error may come after some pieces. Close the iterator to cancel.
    """
    with asking(None, app="", cancel=cancel) as own:
        try:
            body: Any = client_of("reader").raw_stream(
                sql, parameters=dict(params or {}), settings={**own, **limits}, fmt=fmt
            )
        except DriverError as error:
            raise from_driver(error, is_write=False) from error
        with closing(body):
            try:
                yield from body.stream(PIECE_BYTES)
            except HTTPError as error:  # the end is missing: the engine broke off, or is gone
                raise from_stream(error) from error


def cancel(query_id: str) -> None:
    """Ask the engine to stop a query of this process, if it still runs."""
    client_of("writer").command(
        f"KILL QUERY{cluster_clause()} WHERE query_id = {{query_id:String}} ASYNC",
        parameters={"query_id": query_id},
    )


def run(sql: str, params: Mapping[str, Any] | None = None, **limits: Any) -> None:
    """Run a statement that changes something, as the writer. Raises: as `fetch`."""
    try:
        client_of("writer").command(sql, parameters=dict(params or {}), settings=limits or None)
    except DriverError as error:
        raise from_driver(error, is_write=True) from error


def insert(
    table: str, columns: Sequence[str], body: bytes | memoryview, *, fmt: str, **limits: Any
) -> None:
    """Insert rows that are already in a format of the engine. Raises: as `fetch`."""
    try:
        client_of("writer").raw_insert(
            table,
            column_names=list(columns),
            insert_block=cast(bytes, body),
            settings=limits,
            fmt=fmt,
        )
    except DriverError as error:
        raise from_driver(error, is_write=True) from error
