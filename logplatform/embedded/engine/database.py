"""The data folder, opened by chdb: a fresh connection for each request.

A connection costs 0.2 ms and keeps settings, `USE` and `readonly` of requests apart.
"""

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

from chdb.state.sqlitelike import Connection

from logplatform.embedded.engine.errors import EngineError, from_chdb
from logplatform.embedded.engine.request import EngineRequest
from logplatform.embedded.engine.rows import as_file
from logplatform.kernel import failpoints

_DECOMPRESSED_BYTES = 64 << 20
_FREED_BYTES = 64 << 20
_SCHEMA_IN_EVERY_CHUNK = "ArrowStream"
# Formats whose chunks, each complete in itself, form one result when put one after the other.
_STREAMABLE = frozenset(
    [
        "Native",
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "CSV",
        "RowBinary",
        "JSONEachRow",
        "NDJSON",
        "JSONLines",
        "JSONStringsEachRow",
        "JSONCompactEachRow",
        "LineAsString",
        "RawBLOB",
        "Values",
        "ArrowStream",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished statement: its result as bytes, and the numbers of X-ClickHouse-Summary."""

    data: bytes = b""
    read_rows: int = 0
    read_bytes: int = 0
    result_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_s: float = 0.0

    def summary(self) -> dict[str, str]:
        """As ClickHouse words it: all numbers are strings."""
        return {
            "read_rows": str(self.read_rows),
            "read_bytes": str(self.read_bytes),
            "written_rows": str(self.written_rows),
            "written_bytes": str(self.written_bytes),
            "total_rows_to_read": "0",
            "result_rows": str(self.result_rows or self.written_rows),
            "result_bytes": str(len(self.data)),
            "elapsed_ns": str(int(self.elapsed_s * 1e9)),
        }


class Database:
    """One data folder. Thread-safe; a single process may open it.

    Args:
        path: the folder; made if absent.
        memory_bytes: limit of the whole process; one statement may use half of it unless its
            own `max_memory_usage` says otherwise. 0: the engine's default (0.9 of the machine).
    Raises:
        EngineError: another process has the folder open, or it cannot be read.
    """

    def __init__(self, path: Path, *, memory_bytes: int = 0) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._target = f"{path}?{urlencode(_server_options(memory_bytes))}"
        self._lock = threading.Lock()
        self._anchor = self._connect()  # the engine lives as long as a connection is open
        self.version, self.timezone = (
            self._anchor.query("SELECT version(), timezone()", "TSV").bytes().decode().split()
        )

    def _connect(self) -> Connection:
        try:
            return Connection(self._target)
        except RuntimeError as error:
            raise from_chdb(str(error)) from error

    @contextmanager
    def session(self, request: EngineRequest) -> Iterator["Session"]:
        """A connection with the settings of the request, closed at the end."""
        connection = self._connect()
        try:
            yield Session(connection, request)
        except EngineError:
            raise
        except RuntimeError as error:  # ChdbError as well
            raise from_chdb(str(error)) from error
        except UnicodeEncodeError as error:
            raise EngineError(36, "BAD_ARGUMENTS", f"not UTF-8: {error}") from error
        finally:
            connection.close()

    def run(self, sql: str) -> None:
        """Run a statement of our own."""
        with self._lock:
            self._anchor.query(sql, "Null")

    def cancel(self, query_id: str) -> None:
        """Ask a running statement to stop; it ends with QUERY_WAS_CANCELLED (394)."""
        with self._lock:
            self._anchor.query(
                "KILL QUERY WHERE Settings['log_comment'] = {id:String} ASYNC",
                "Null",
                params={"id": query_id},
            )

    def close(self) -> None:
        """Close the folder; all sessions must have ended."""
        self._anchor.close()


class Session:
    """One connection with one request's settings applied."""

    def __init__(self, connection: Connection, request: EngineRequest) -> None:
        self._connection = connection
        self._request = request
        if request.database not in ("", "default"):
            connection.query(f"USE `{_escape(request.database, '`')}`", "Null")
        # chdb chooses query ids itself; the comment is how a running statement is found again.
        settings = {"log_comment": request.query_id, **request.settings}
        pairs = ", ".join(f"{name} = '{_escape(value)}'" for name, value in settings.items())
        connection.query(f"SET {pairs}", "Null")

    @property
    def can_stream(self) -> bool:
        """Whether the result can be sent while it is computed."""
        return self._request.output_format in _STREAMABLE

    def run(self) -> Outcome:
        """Run the statement to its end."""
        result = self._connection.query(
            self._request.statement.sql, self._request.output_format, params=self._parameters
        )
        return Outcome(
            # A copy: the view of a result is not kept alive by it and reads freed memory.
            data=result.bytes() if result.size() else b"",
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            result_rows=result.rows_read(),
            written_rows=result.rows_written(),
            written_bytes=result.bytes_written(),
            elapsed_s=result.elapsed(),
        )

    def stream(self) -> Generator[bytes]:
        """The result in pieces; the engine computes no further than is read."""
        name = self._request.output_format
        stream = self._connection.send_query(
            self._request.statement.sql, name, params=self._parameters
        )
        try:
            pieces = (piece.bytes() for piece in stream)
            yield from _join_arrow(pieces) if name == _SCHEMA_IN_EVERY_CHUNK else pieces
        finally:
            stream.close()  # type: ignore[no-untyped-call]  # as chdb has it

    def insert(self, rows: bytes, rest: BinaryIO) -> Outcome:
        """Store `rows` and what follows in `rest`: all of it, or an error.

        The engine reads them as a file: the library's streaming insert reports no error that comes
        while rows are written (too many parts, no space, a view that fails) and calls them stored.
        """
        into, name = self._request.statement.sql, _escape(self._request.statement.format)
        # One order of blocks, so that a repeat has the same tokens.
        self._connection.query("SET max_threads = 1, max_insert_threads = 1", "Null")
        with as_file(rows, rest) as path:
            failpoints.reach("engine.mid_insert")
            done = self._connection.query(
                f"{into} SELECT * FROM file('{path}', '{name}')", "Null", params=self._parameters
            )
            failpoints.reach("engine.inserted")
        return Outcome(
            written_rows=done.rows_written(),
            written_bytes=done.bytes_written(),
            elapsed_s=done.elapsed(),
        )

    @property
    def _parameters(self) -> Mapping[str, Any]:
        return self._request.parameters


def _server_options(memory_bytes: int) -> dict[str, int | float | str]:
    options: dict[str, int | float | str] = {
        "async_insert": 0,  # on by default in this version: it would acknowledge late or not at all
        "implicit_select": 0,  # as a server has it: `1 + 1` alone is an error
        "allow_introspection_functions": 0,
        "os_threads_nice_value_merge_mutate": 5,  # searches and inserts come first
        # In turns, a merge of minutes takes as much as those of seconds, and small parts pile up.
        "background_merges_mutations_scheduling_policy": "shortest_task_first",
    }
    if memory_bytes:
        cache = max(16 << 20, memory_bytes // 16)
        options |= {
            "max_server_memory_usage": memory_bytes,
            "max_memory_usage": memory_bytes // 2,
            # Beyond it no merge begins; the default goes by the machine's memory.
            "merges_mutations_memory_usage_soft_limit": memory_bytes // 2,
            # Above it freed pages are given back at once, not seconds later.
            "memory_worker_purge_dirty_pages_threshold_ratio": _FREED_BYTES / memory_bytes,
            "mark_cache_size": cache,
            "index_mark_cache_size": cache,
            "primary_index_cache_size": cache,
            "text_index_tokens_cache_size": cache,
            "text_index_header_cache_size": cache,
            "text_index_postings_cache_size": cache,
            # What searches decompressed: filters of trace ids, and what pages were read from.
            "index_uncompressed_cache_size": min(cache, _DECOMPRESSED_BYTES),
            "uncompressed_cache_size": min(cache, _DECOMPRESSED_BYTES),
        }
    return options


def _join_arrow(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """One Arrow stream out of several with the same schema.

    Every piece is: schema message, record batches, end mark (8 bytes). A message starts with
    0xFFFFFFFF and the length of its metadata. Source: Arrow columnar format, "IPC Streaming".
    """
    end = b""
    for piece in pieces:
        start = 8 + int.from_bytes(piece[4:8], "little") if end else 0
        end = piece[-8:]
        yield piece[start:-8]
    yield end


def _escape(value: str, quote: str = "'") -> str:
    return value.replace("\\", "\\\\").replace(quote, "\\" + quote)
