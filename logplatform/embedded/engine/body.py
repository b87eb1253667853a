"""Request bodies: read to their announced end, decompressed, and only then handed on.

A torn body must never run: the engine commits the first blocks of a long insert before it has seen
the last one.
"""

import tempfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import BinaryIO, Protocol

from logplatform.embedded.engine.errors import EngineError, bad_request

_READ_BYTES = 1 << 20
_SPOOL_BYTES = 64 << 20
MAX_BODY_BYTES = 4 << 30


class TornBodyError(Exception):
    """The connection ended before the body did."""


class _Decoder(Protocol):
    def feed(self, data: bytes) -> bytes: ...

    @property
    def is_complete(self) -> bool: ...


class _Plain:
    is_complete = True

    def feed(self, data: bytes) -> bytes:
        return data


class _Members:
    """A format of concatenated members (gzip, zstd and lz4 frames); a half one is an error."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._member = _new_member(encoding)
        self._is_fresh = True

    def feed(self, data: bytes) -> bytes:
        parts = []
        while data:
            parts.append(self._member.decompress(data))
            self._is_fresh = False
            if not self._member.eof:
                break
            data = self._member.unused_data
            self._member, self._is_fresh = _new_member(self._encoding), True
        return b"".join(parts)

    @property
    def is_complete(self) -> bool:
        return self._is_fresh


class _Member(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _new_member(encoding: str) -> _Member:
    if encoding == "gzip":
        return zlib.decompressobj(wbits=31)
    if encoding == "deflate":
        return zlib.decompressobj()
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()
    import lz4.frame

    return lz4.frame.LZ4FrameDecompressor()  # type: ignore[no-any-return]  # lz4 has no types


def _decoder_of(encoding: str) -> _Decoder:
    if encoding in ("", "identity"):
        return _Plain()
    if encoding not in ("gzip", "deflate", "zstd", "lz4"):
        raise EngineError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Unknown Content-Encoding '{encoding}' (gzip, deflate, zstd and lz4 are known)",
        )
    return _Members(encoding)


def read_body(stream: BinaryIO, headers: Mapping[str, str], *, needs_length: bool) -> BinaryIO:
    """Read and decompress a whole request body.

    Returns:
        A file at its start: in memory up to 64 MiB, on disk above.
    Raises:
        TornBodyError: the peer left before the end.
        EngineError: the framing or the compression is broken, or the body is over 4 GiB.
    """
    decoder = _decoder_of(headers.get("Content-Encoding", "").strip().lower())
    length = headers.get("Content-Length", "")
    is_bare = isinstance(decoder, _Plain) and not headers.get("Transfer-Encoding")
    if is_bare and length.isdecimal() and int(length) <= _SPOOL_BYTES:
        return BytesIO(_whole(stream, int(length)))
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the caller's
    total = 0
    try:
        for piece in _pieces(stream, headers, needs_length=needs_length):
            total += spool.write(decoder.feed(piece))
            if total > MAX_BODY_BYTES:
                raise EngineError(307, "TOO_MANY_BYTES", "The body is over 4 GiB")
    except (zlib.error, ValueError, RuntimeError) as error:
        raise bad_request(f"the compressed body is broken: {error}") from None
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("zstandard", "zstd"):
            raise bad_request(f"the compressed body is broken: {error}") from None
        raise
    if not decoder.is_complete:
        raise bad_request("the compressed body is cut off")
    spool.seek(0)
    return spool  # type: ignore[return-value]  # a SpooledTemporaryFile is a binary file


def _pieces(stream: BinaryIO, headers: Mapping[str, str], *, needs_length: bool) -> Iterator[bytes]:
    coding = headers.get("Transfer-Encoding", "").strip().lower()
    length = headers.get("Content-Length")
    if coding and (coding != "chunked" or length is not None):
        raise bad_request("only 'Transfer-Encoding: chunked' without a Content-Length is taken")
    if coding:
        return _chunks(stream)
    if length is None:
        if needs_length:
            raise EngineError(
                381, "HTTP_LENGTH_REQUIRED", "A POST needs a Content-Length or chunked encoding"
            )
        return iter(())
    if not length.isdecimal():
        raise bad_request(f"Content-Length '{length}' is not a number")
    return _exactly(stream, int(length))


def _whole(stream: BinaryIO, length: int) -> bytes:
    """All of it in one piece, copied once."""
    content = stream.read(length)
    if len(content) < length:
        raise TornBodyError
    return content


def _exactly(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(length, _READ_BYTES))
        if not piece:
            raise TornBodyError
        length -= len(piece)
        yield piece


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The pieces of a chunked body. Source: RFC 9112, section 7.1."""
    while True:
        size = _chunk_size(_line(stream))
        if size == 0:
            break
        yield from _exactly(stream, size)
        if _line(stream):
            raise bad_request("a chunk is longer than it says")
    while _line(stream):
        pass  # trailer fields have no meaning here


def _chunk_size(line: bytes) -> int:
    digits = line.split(b";", 1)[0].strip()
    if not digits or not all(byte in b"0123456789abcdefABCDEF" for byte in digits):
        raise bad_request("a chunk has no size")
    return int(digits, 16)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(8192)
    if not line.endswith(b"\n"):
        raise TornBodyError
    return line.rstrip(b"\r\n")
