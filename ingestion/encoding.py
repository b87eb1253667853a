"""Decompresses request bodies, with a limit that counts while the bytes come out.

Source: RFC 9110 §8.4.1 (gzip, deflate), RFC 8878 (zstd).
"""

import zlib
from collections.abc import Callable

import zstandard

from ingestion.errors import BadEncoding, DecompressedTooLarge, UnknownEncoding
from logplatform.kernel.errors import PlatformError

_GZIP, _ZLIB, _RAW = 31, 15, -15
_ZSTD_MAX_WINDOW = 1 << 27
_NONE = ("", "identity")
# No line of text in UTF-8 begins like this.
_SIGNATURES = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


def encoding_of(body: bytes, declared: str) -> str:
    """The encoding of a body: as declared, else what its first bytes say.

    Source: RFC 1952 §2.3.1, RFC 8878 §3.1.1.
    """
    if declared.strip().lower() not in _NONE:
        return declared
    return next((name for signature, name in _SIGNATURES if body.startswith(signature)), "")


def decompress(body: bytes, encoding: str, *, limit_bytes: int) -> bytes:
    """The decompressed body.

    Args:
        body: as sent.
        encoding: the Content-Encoding header, "" for none.
        limit_bytes: most bytes that may come out.
    Raises:
        UnknownEncoding, BadEncoding, DecompressedTooLarge.
    """
    name = encoding.strip().lower()
    if name in _NONE:
        return body
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise UnknownEncoding(encoding=encoding[:50])
    try:
        return decoder(body, limit_bytes)
    except (zlib.error, zstandard.ZstdError) as error:
        refusal: PlatformError = BadEncoding(encoding=name, problem=str(error)[:200])
    except PlatformError as error:
        refusal = error.with_traceback(None)
    # Here, as a traceback or a cause would keep what came out until the answer is sent.
    raise refusal


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    """All members of a gzip file, each complete, nothing behind the last."""
    parts: list[bytes] = []
    left = limit_bytes
    while body:
        part, body = _inflate(body, _GZIP, "gzip", left)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _inflate_either(body: bytes, limit_bytes: int) -> bytes:
    """`deflate` is zlib by the RFC and raw deflate from some senders."""
    is_zlib = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    data, rest = _inflate(body, _ZLIB if is_zlib else _RAW, "deflate", limit_bytes)
    if rest:
        raise BadEncoding(encoding="deflate", problem=f"{len(rest)} bytes follow its end")
    return data


def _inflate(body: bytes, wbits: int, name: str, limit_bytes: int) -> tuple[bytes, bytes]:
    """One member and what follows it."""
    inflater = zlib.decompressobj(wbits)
    data = inflater.decompress(body, limit_bytes + 1)
    if len(data) > limit_bytes:
        raise DecompressedTooLarge(limit_bytes=limit_bytes)
    if not inflater.eof:
        raise BadEncoding(encoding=name, problem="it ends too early")
    return data, inflater.unused_data


def _unzstd(body: bytes, limit_bytes: int) -> bytes:
    """All frames; sizes claimed in frame headers are not trusted."""
    parts: list[bytes] = []
    left = limit_bytes
    while body:
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW).decompressobj(
            write_size=1 << 20
        )
        for start in range(0, len(body), 1 << 12):
            part = frame.decompress(body[start : start + (1 << 12)])
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise DecompressedTooLarge(limit_bytes=limit_bytes)
            if frame.eof:
                body = frame.unused_data + body[start + (1 << 12) :]
                break
        else:
            raise BadEncoding(encoding="zstd", problem="it ends too early")
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_either,
    "zstd": _unzstd,
}
