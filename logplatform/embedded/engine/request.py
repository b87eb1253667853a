"""What one HTTP request asks of the engine."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import BinaryIO, cast
from urllib.parse import parse_qsl

from logplatform.embedded.engine.errors import EngineError, bad_request, not_implemented
from logplatform.embedded.engine.statement import Kind, Statement, read_statement

_HEAD_BYTES = 256 << 10
_MAX_SQL_BYTES = 8 << 20
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")

# Parameters of the HTTP interface itself and settings that only steer it; the rest are settings.
_TRANSPORT = frozenset(
    [
        "query",
        "database",
        "default_format",
        "query_id",
        "user",
        "password",
        "session_id",
        "session_timeout",
        "session_check",
        "quota_key",
        "role",
        "compress",
        "decompress",
        "wait_end_of_query",
        "buffer_size",
        "client_protocol_version",
        "stacktrace",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
        "http_zlib_compression_level",
        "add_http_cors_header",
        "cancel_http_readonly_queries_on_client_close",
        "log_comment",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """One statement with everything that belongs to it."""

    statement: Statement
    output_format: str
    query_id: str
    database: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    waits_for_end: bool = False


def read_parameters(query_string: str) -> dict[str, str]:
    """The URL parameters; of a repeated one the last counts."""
    try:
        return dict(parse_qsl(query_string, keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the URL parameters cannot be read: {error}") from None


def read_form(body: BinaryIO, content_type: str) -> dict[str, str]:
    """The fields of a multipart form, as clients send long parameters."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser().parsebytes(head + body.read(_MAX_SQL_BYTES))
    fields = {}
    parts = cast("list[Message]", message.get_payload()) if message.is_multipart() else []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None:
            raise not_implemented("External tables are not supported by the embedded engine")
        content = cast("bytes", part.get_payload(decode=True))
        fields[str(name)] = content.decode()
    return fields


def read_request(
    parameters: dict[str, str], headers: Mapping[str, str], body: BinaryIO, *, is_get: bool
) -> tuple[EngineRequest, BinaryIO, bytes]:
    """Put URL, headers and body together.

    Returns:
        The request; the body, at the first byte not yet read; rows that came before that byte.
    """
    for name in ("compress", "decompress"):
        if parameters.get(name, "0") not in ("0", ""):
            raise not_implemented(f"'{name}' is not supported; use Content-Encoding")
    statement, rows = _read_statement(parameters.get("query", ""), body)
    named = headers.get("X-ClickHouse-Format") or parameters.get("default_format")
    request = EngineRequest(
        statement=statement,
        output_format=statement.format or named or "TabSeparated",
        query_id=parameters.get("query_id") or str(uuid.uuid4()),
        database=headers.get("X-ClickHouse-Database") or parameters.get("database", ""),
        settings=_settings(parameters, is_get=is_get),
        parameters={k[6:]: v for k, v in parameters.items() if k.startswith("param_")},
        waits_for_end=parameters.get("wait_end_of_query", "0") not in ("0", ""),
    )
    return request, body, rows


def _read_statement(query: str, body: BinaryIO) -> tuple[Statement, bytes]:
    """ClickHouse reads the `query` parameter, a line break and the body as one text."""
    prefix = query.encode() + b"\n" if query else b""
    head = prefix + body.read(_HEAD_BYTES)
    try:
        statement = read_statement(head)
    except EngineError:
        if len(head) < _HEAD_BYTES:
            raise
        statement = None
    if statement is None or (statement.kind is not Kind.INSERT_DATA and len(head) >= _HEAD_BYTES):
        head += body.read(_MAX_SQL_BYTES + 1)
        if len(head) > _MAX_SQL_BYTES:
            raise EngineError(55, "QUERY_IS_TOO_LARGE", "The statement is over 8 MiB")
        statement = read_statement(head)
    rows = head[statement.data_offset :] if statement.kind is Kind.INSERT_DATA else b""
    return statement, rows


def _settings(parameters: dict[str, str], *, is_get: bool) -> dict[str, str]:
    settings = {
        name: value
        for name, value in parameters.items()
        if name not in _TRANSPORT and not name.startswith("param_")
    }
    for name in settings:
        if not _SETTING.match(name):
            raise bad_request(f"'{name}' is no name of a setting")
    # ClickHouse: a GET may change nothing, whatever else the URL says.
    if is_get and settings.get("readonly", "0") == "0":
        settings["readonly"] = "2"
    # Last, because it freezes the others.
    if "readonly" in settings:
        settings["readonly"] = settings.pop("readonly")
    return settings
