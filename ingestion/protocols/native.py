"""The platform's own ingest endpoint: NDJSON, one JSON object, a JSON array, lines of text, or an
export of the systemd journal.

The body decides what it is where the content type is missing or wrong. Source: docs/api.md.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from ingestion.contracts import HttpProtocol, Inspection
from ingestion.errors import EmptyBody, NotDecodable, UnsupportedContentType
from logplatform.kernel.lines import MAX_DEPTH, count_lines
from parsing.journal_export import MEDIA_TYPE, NotAnExport, entries_of, lines_of, looks_like_export

_JSON_TYPES = frozenset({"application/json", "application/x-ndjson", "application/ndjson"})
_NO_LINES = re.compile(
    r"^(multipart/|image/|audio/|video/|application/(x-|vnd\.)?(protobuf|msgpack|zip|tar)$"
    r"|application/(cbor|grpc|pdf|avro)\b)"
)
# What begins like this is no text in UTF-8: as lines it would be noise that nobody finds.
_NO_TEXT = (
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"\0\0\xfe\xff", "text in UTF-32"),
    (b"\x1f\x8b\x08", "gzip within another encoding"),
    (b"\x28\xb5\x2f\xfd", "zstd within another encoding"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh91AY&SY", "bzip2"),
    (b"PK\x03\x04", "zip"),
)
_REMEMBERED = 256
_BOM = b"\xef\xbb\xbf"
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")
_UNREADABLE = (ValueError, RecursionError)
# Reading JSON the patient way takes many times its size.
_PATIENT_BYTES = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_patient = json.JSONDecoder()


def inspect(body: bytes, content_type: str) -> Inspection:
    """Tell objects, arrays, NDJSON, journal exports and text apart and count the lines.

    Raises:
        EmptyBody, NotDecodable, UnsupportedContentType.
    """
    media_type = _media_type(content_type)
    _check_text(body)
    start = body[:64].removeprefix(_BOM).lstrip() or body.removeprefix(_BOM).lstrip()
    if not start:
        raise EmptyBody()
    is_declared = media_type in _JSON_TYPES or media_type.endswith("+json")
    if start[:1] == b"[":
        return _inspect_array(body, is_declared=is_declared)
    if start[:1] == b"{":
        return _inspect_objects(body, is_declared=is_declared)
    if media_type == "application/json" and _is_scalar(body):
        raise NotDecodable(expected="a JSON object", problem="it is a single JSON value")
    if media_type == MEDIA_TYPE or looks_like_export(body):
        return _inspect_export(body, is_declared=media_type == MEDIA_TYPE)
    return Inspection(shape="lines", lines=count_lines(body))


def decode(body: bytes, shape: str) -> bytes:
    """The lines of the body: array elements, objects that are written over several lines or one
    behind the other, and entries of a journal become one line each.
    """
    if shape == "journal":
        return lines_of(body)
    if shape == "array":
        return b"\n".join(map(_one_line, _elements(body)))
    if shape == "sequence":
        return b"\n".join(map(_one_line, _sequence(body)))
    if shape == "object":
        return _one_line(body.removeprefix(_BOM))
    return body


@lru_cache(_REMEMBERED)
def _media_type(content_type: str) -> str:
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    charset = re.search(r'charset="?([^";\s]+)', parameters, re.IGNORECASE)
    if _NO_LINES.match(media_type) or (charset and charset[1].lower() not in _CHARSETS):
        raise UnsupportedContentType(content_type=content_type[:100])
    return media_type


def _check_text(body: bytes) -> None:
    """Refuse a body that is surely no text. Raises: UnsupportedContentType."""
    for signature, name in _NO_TEXT:
        if body.startswith(signature):
            raise UnsupportedContentType(content_type=name)


def _inspect_array(body: bytes, *, is_declared: bool) -> Inspection:
    try:
        elements = _elements(body)
    except _UNREADABLE as error:
        if is_declared and count_lines(body) == 1:
            raise NotDecodable(expected="a JSON array", problem=_problem(error, 1)) from error
        return Inspection(shape="lines", lines=count_lines(body))
    if not elements:
        raise EmptyBody()
    return Inspection(shape="array", lines=len(elements), strict_json=True)


def _inspect_objects(body: bytes, *, is_declared: bool) -> Inspection:
    lines = count_lines(body)
    first_line = body.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    if not _is_json(first_line):
        if lines > 1 and _is_json(body.removeprefix(_BOM)):
            return Inspection(shape="object", lines=1, strict_json=True)
        if objects := _sequence(body):
            return Inspection(shape="sequence", lines=len(objects), strict_json=True)
        if is_declared:
            _require_some_json(body)
    return Inspection(shape="lines", lines=lines, strict_json=is_declared)


def _inspect_export(body: bytes, *, is_declared: bool) -> Inspection:
    try:
        count = sum(1 for _ in entries_of(body))
    except NotAnExport as error:
        if is_declared:
            raise NotDecodable(expected="a journal export", problem=str(error)) from error
        return Inspection(shape="lines", lines=count_lines(body))
    return Inspection(shape="journal", lines=count, strict_json=True)


def _require_some_json(body: bytes) -> None:
    problem = ""
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            _read(line.removeprefix(_BOM))
        except _UNREADABLE as error:
            problem = problem or _problem(error, number)
        else:
            return
    raise NotDecodable(expected="JSON", problem=problem)


def _problem(error: Exception, line: int) -> str:
    """What is wrong and where, in words of our own where the decoder speaks of itself."""
    if isinstance(error, RecursionError):
        return f"line {line} is nested deeper than {MAX_DEPTH} levels"
    return f"line {line}: {error}"


def _elements(body: bytes) -> list[msgspec.Raw] | list[bytes]:
    text = body.removeprefix(_BOM)
    try:
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        if not _reads_patiently(text):
            raise
        return list(_patient_elements(text.decode()))


def _read(text: bytes) -> None:
    """Raise one of _UNREADABLE where it is no JSON."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        if not _reads_patiently(text):
            raise


def _reads_patiently(text: bytes) -> bool:
    """Whether it is JSON but for half surrogates, which Python writes and the parser takes."""
    if b"\\u" not in text or len(text) > _PATIENT_BYTES:
        return False
    try:
        _patient.decode(text.decode())
    except _UNREADABLE:
        return False
    return True


def _patient_elements(text: str) -> Iterator[bytes]:
    """The elements of an array that can be read, exactly as they stand there."""
    at = _behind_space(text, text.index("[") + 1)
    while text[at] != "]":
        end = _patient.raw_decode(text, at)[1]
        yield text[at:end].encode()
        at = _behind_space(text, end)
        if text[at] == ",":
            at = _behind_space(text, at + 1)


def _sequence(body: bytes) -> list[bytes]:
    """The objects of a body that is nothing but objects, as `jq` and others write them, exactly as
    they stand there; none where it is something else, or large.
    """
    if len(body) > _PATIENT_BYTES:
        return []
    try:
        return list(_objects(body.removeprefix(_BOM).decode()))
    except _UNREADABLE:
        return []


def _objects(text: str) -> Iterator[bytes]:
    at = _behind_space(text, 0)
    while at < len(text):
        if text[at] != "{":
            raise ValueError(f"no object at character {at}")
        end = _patient.raw_decode(text, at)[1]
        yield text[at:end].encode()
        at = _behind_space(text, end)
        if text[at : at + 1] == ",":
            at = _behind_space(text, at + 1)


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _is_json(text: bytes) -> bool:
    try:
        _read(text)
    except _UNREADABLE:
        return False
    return True


def _is_scalar(body: bytes) -> bool:
    return count_lines(body) == 1 and _is_json(body.removeprefix(_BOM))


def _one_line(raw: bytes | msgspec.Raw) -> bytes:
    """JSON on one line: a newline in JSON can only be white space between tokens."""
    return bytes(raw).replace(b"\n", b" ").replace(b"\r", b" ").strip()


PROTOCOL = HttpProtocol(path="api/v1/ingest", inspect=inspect, decode=decode)
