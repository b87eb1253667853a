"""The native protocol: the body decides what it is."""

import bz2
import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import NotDecodable
from ingestion.protocols.native import decode, inspect
from logplatform.kernel.errors import PlatformError
from logplatform.kernel.lines import count_lines
from tests.parsing.test_journal_export import EXPORT

JSON, NDJSON, TEXT = "application/json", "application/x-ndjson", "text/plain"
JOURNAL = "application/vnd.fdo.journal"
CURL = "application/x-www-form-urlencoded"
OBJECT = b'{"message": "one"}'
PRETTY = json.dumps({"message": "one", "more": {"a": [1, 2]}}, indent=2).encode()


@pytest.mark.parametrize(
    ("content_type", "body", "shape", "lines", "strict"),
    [
        (JSON, OBJECT, "lines", 1, True),
        (CURL, OBJECT, "lines", 1, False),
        (JSON, PRETTY, "object", 1, True),
        ("", PRETTY, "object", 1, True),
        (JSON, b'[{"a":1},\n {"b":2}]', "array", 2, True),
        (TEXT, b'[{"a":1}]', "array", 1, True),
        (JSON, b'{"a":"\\ud800"}', "lines", 1, True),
        (JSON, b' [ {"a":"\\ud800"} ,[1],\n"\\udcff" ] ', "array", 3, True),
        ("", b'{\n "a": "\\udcff"\n}', "object", 1, True),
        (CURL, PRETTY + b"\n" + PRETTY + b"\n", "sequence", 2, True),
        (JSON, OBJECT * 3, "sequence", 3, True),
        (NDJSON, OBJECT + b",\n" + OBJECT + b",\n", "sequence", 2, True),
        (CURL, OBJECT + b" and text\nsecond", "lines", 2, False),
        (NDJSON, OBJECT + b"\n" + OBJECT + b"\n", "lines", 2, True),
        (NDJSON, b"\n\n" + OBJECT + b"\r\n  \n" + OBJECT, "lines", 2, True),
        (JSON, OBJECT + b"\nnot json\n", "lines", 2, True),
        (JSON, b"\xef\xbb\xbf" + OBJECT, "lines", 1, True),
        (JSON, b"127.0.0.1 - - a text log", "lines", 1, False),
        (TEXT, b"[2026-01-01 10:00:00] starts like an array\nsecond", "lines", 2, False),
        ("text/plain; charset=UTF-8", b"one\ntwo\n\nthree", "lines", 3, False),
        (JOURNAL, EXPORT, "journal", 2, True),
        (CURL, EXPORT, "journal", 2, True),
        (TEXT, b"__CURSOR=1\nis it one\n", "lines", 2, False),
        (TEXT, "one\u2028still one\x0bstill\x0cstill\x85".encode(), "lines", 1, False),
    ],
    ids=[
        "object", "object by curl", "pretty object", "pretty object without a type", "array",
        "array called text", "half surrogate", "array of half surrogates", "pretty half surrogate",
        "pretty objects", "objects without a space", "objects with commas", "object and text",
        "ndjson", "blank lines", "bad line among good", "byte order mark",
        "text called json", "text with brackets", "text", "journal", "journal by curl",
        "no journal",
        "separators that are not newlines",
    ],
)  # fmt: skip
def test_bodies_are_told_apart(content_type, body, shape, lines, strict) -> None:
    found = inspect(body, content_type)
    assert (found.shape, found.lines, found.strict_json) == (shape, lines, strict)
    assert count_lines(decode(body, found.shape)) == lines


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (JSON, b"", "empty_body"),
        (TEXT, b" \n\t\r\n", "empty_body"),
        (JSON, b"[]", "empty_body"),
        (JSON, b'{"cut', "not_decodable"),
        (NDJSON, b'{"cut\n{also cut', "not_decodable"),
        (JSON, b'[{"a":1}, {"b"', "not_decodable"),
        (JSON, b'"a string"', "not_decodable"),
        (JOURNAL, EXPORT[:-20] + b"\nMESSAGE\ncut", "not_decodable"),
        (JSON, b"null", "not_decodable"),
        (JSON, b"42", "not_decodable"),
        (JSON, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not_decodable"),
        ("text/plain; charset=utf-16", b"a\0b\0", "unsupported_content_type"),
        ("multipart/form-data; boundary=x", b"--x", "unsupported_content_type"),
        ("application/x-protobuf", b"\x0a\x05hello", "unsupported_content_type"),
        (TEXT, "a line".encode("utf-16"), "unsupported_content_type"),
        (JSON, '{"a":1}'.encode("utf-16-be").join([b"\xfe\xff", b""]), "unsupported_content_type"),
        (JSON, OBJECT.decode().encode("utf-32"), "unsupported_content_type"),
        (CURL, gzip.compress(b"a line"), "unsupported_content_type"),
        (CURL, lzma.compress(b"a line"), "unsupported_content_type"),
        (CURL, bz2.compress(b"a line"), "unsupported_content_type"),
        (JSON, b'[{"a":"\\ud800"}, {"b"', "not_decodable"),
        (JSON, b'[{"a":"\\ud800"}] x', "not_decodable"),
        (JSON, b'[{"a":"\\ud800"},]', "not_decodable"),
    ],
    ids=[
        "empty", "white space", "empty array", "cut object", "only cut lines", "cut array",
        "string", "cut journal", "null", "number", "nesting", "utf-16", "form upload", "protobuf",
        "utf-16 by its mark", "big-endian utf-16", "utf-32", "gzip twice", "xz", "bzip2",
        "cut array of half surrogates", "array and more", "array with a comma at its end",
    ],
)  # fmt: skip
def test_undecodable_bodies_are_refused_as_a_whole(content_type, body, code) -> None:
    with pytest.raises(PlatformError) as caught:
        inspect(body, content_type)
    assert caught.value.code == code
    assert 400 <= caught.value.status < 500


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'\n{"a":' * 2 + b'{"a":' * 99_999 + b"1", "line 2: "),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "line 1 is nested deeper than 256 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "line 1 is nested deeper than 256 levels"),
        (b'\n{"cut', "line 2: "),
    ],
    ids=["deep and cut", "deep object", "deep array", "cut"],
)
def test_a_refusal_names_the_line_and_what_is_wrong_with_it(body, problem) -> None:
    with pytest.raises(NotDecodable) as caught:
        inspect(body, JSON)
    assert problem in caught.value.text
    assert "recursion" not in caught.value.text.lower()


def test_half_surrogates_of_an_array_keep_their_exact_text() -> None:
    body = b'[{"a": "\\ud800", "n": 1.10},\n {"b": [1,2]} ,"\\udcff"]'
    assert decode(body, "array").split(b"\n") == [
        b'{"a": "\\ud800", "n": 1.10}',
        b'{"b": [1,2]}',
        b'"\\udcff"',
    ]


def test_objects_one_behind_the_other_keep_their_exact_text() -> None:
    body = b'\xef\xbb\xbf{"n": 1.10}{"a":\n[1,\r\n2]},{"s": "\\ud800}"}'
    assert decode(body, "sequence").split(b"\n") == [
        b'{"n": 1.10}',
        b'{"a": [1,  2]}',
        b'{"s": "\\ud800}"}',
    ]


def test_array_elements_keep_their_exact_text() -> None:
    body = b'[{"n": 123456789012345678901234567890, "f": 1.10,\n "s": "a\\nb"}, 5]'
    assert decode(body, "array").split(b"\n") == [
        b'{"n": 123456789012345678901234567890, "f": 1.10,  "s": "a\\nb"}',
        b"5",
    ]


@given(st.binary(max_size=200), st.sampled_from([JSON, NDJSON, TEXT, ""]))
def test_any_body_is_counted_as_it_is_decoded_or_refused(body: bytes, content_type: str) -> None:
    try:
        found = inspect(body, content_type)
    except PlatformError as error:
        status = error.status
    else:
        status = 202
        assert count_lines(decode(body, found.shape)) == found.lines > 0
    assert status in (202, 400, 415)
