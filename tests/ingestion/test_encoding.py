"""Decompression of request bodies, with limits."""

import gzip
import struct
import zlib

import pytest
import zstandard

from ingestion.encoding import decompress, encoding_of
from logplatform.kernel.errors import PlatformError

TEXT = b"a line\n" * 1000
LIMIT = 64 << 10
ZSTD = b"\x28\xb5\x2f\xfd"
HELLO = b"\x29\x00\x00hello"  # the last block of a frame, not compressed
SAMPLES = [b"line %d of a text, and once more %d" % (n, n * 7) for n in range(2000)]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:700]) + gzip.compress(TEXT[700:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[2:-4]),
        ("zstd", zstandard.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT[:700]) + zstandard.compress(TEXT[700:])),
    ],
    ids=["none", "identity", "gzip", "capitals", "members", "zlib", "raw", "zstd", "frames"],
)
def test_every_known_encoding_is_read_whole(encoding: str, body: bytes) -> None:
    assert decompress(body, encoding, limit_bytes=LIMIT) == TEXT


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", gzip.compress(TEXT)[:-5], "bad_encoding"),
        ("gzip", gzip.compress(TEXT) + b"garbage", "bad_encoding"),
        ("gzip", gzip.compress(TEXT)[:-8] + b"\0" * 8, "bad_encoding"),
        ("gzip", b"plain", "bad_encoding"),
        ("deflate", zlib.compress(TEXT)[:-3], "bad_encoding"),
        ("deflate", zlib.compress(TEXT) + b"x", "bad_encoding"),
        ("zstd", zstandard.compress(TEXT)[:-3], "bad_encoding"),
        ("zstd", b"plain", "bad_encoding"),
        ("zstd", ZSTD + b"\xe0" + struct.pack("<Q", 1 << 60) + HELLO, "bad_encoding"),
        ("zstd", ZSTD + bytes([0xC0, 0x50]) + struct.pack("<Q", 1 << 60) + HELLO, "bad_encoding"),
        ("zstd", ZSTD + bytes([0, (31 - 10) << 3]) + HELLO, "bad_encoding"),
        (
            "zstd",
            zstandard.ZstdCompressor(dict_data=zstandard.train_dictionary(1000, SAMPLES)).compress(
                SAMPLES[5] * 3
            ),
            "bad_encoding",
        ),
        ("snappy", TEXT, "unknown_encoding"),
        ("gzip;q=1", gzip.compress(TEXT), "unknown_encoding"),
        ("br", TEXT, "unknown_encoding"),
        ("gzip, gzip", TEXT, "unknown_encoding"),
        ("gzip", gzip.compress(bytes(100 << 20), 9), "decompressed_too_large"),
        ("gzip", gzip.compress(TEXT * 5) + gzip.compress(TEXT * 5), "decompressed_too_large"),
        ("zstd", zstandard.compress(bytes(100 << 20)), "decompressed_too_large"),
        ("deflate", zlib.compress(bytes(100 << 20), 9), "decompressed_too_large"),
    ],
    ids=[
        "truncated gzip",
        "trailing garbage",
        "bad checksum",
        "not gzip",
        "truncated deflate",
        "deflate and more",
        "truncated zstd",
        "not zstd",
        "zstd says it has 2^60 bytes",
        "zstd says so, with a window",
        "zstd with a window of 2 GB",
        "zstd with a dictionary",
        "snappy",
        "with a quality",
        "brotli",
        "twice",
        "gzip bomb",
        "members over the limit together",
        "zstd bomb",
        "deflate bomb",
    ],
)
def test_bad_bodies_are_refused_with_their_code(encoding: str, body: bytes, code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        decompress(body, encoding, limit_bytes=LIMIT)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("body", "declared", "encoding"),
    [
        (gzip.compress(TEXT), "", "gzip"),
        (gzip.compress(TEXT), " Identity", "gzip"),
        (zstandard.compress(TEXT), "", "zstd"),
        (zstandard.compress(TEXT), "deflate", "deflate"),
        (TEXT, "br", "br"),
        (TEXT, "", ""),
        (b"\x1f\x8b", "", ""),
        (zlib.compress(TEXT), "", ""),
    ],
)
def test_what_is_not_declared_is_known_by_its_first_bytes(body, declared, encoding) -> None:
    assert encoding_of(body, declared) == encoding


def test_the_limit_itself_is_allowed() -> None:
    assert decompress(gzip.compress(TEXT), "gzip", limit_bytes=len(TEXT)) == TEXT
    with pytest.raises(PlatformError):
        decompress(gzip.compress(TEXT), "gzip", limit_bytes=len(TEXT) - 1)
