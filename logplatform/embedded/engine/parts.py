"""Parts on disk, looked at without the engine: is every file as long as the part says it is?

The engine as a library goes on after a write that failed, because the disk is full or broken, and
takes a part for stored of which files are cut off (a server refuses the insert). So this process
looks for itself: at every part an insert made before it is answered, at merged ones every second.
"""

import os
import re
import struct
import threading
import time
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

import lz4.block
import zstandard

_PART = re.compile(r"[^_]+_\d+_\d+_\d+(_\d+)?")
_HEAD = b"checksums format version: 4\n"
_BLOCK_CHECKSUM = 16
_BLOCK_HEAD = 9
_LZ4, _ZSTD, _PLAIN = 0x82, 0x90, 0x02
_CHECKSUM = 16
_DAMAGED = (lz4.block.LZ4BlockError, zstandard.ZstdError)
# All files of a small part are in one.
_ARCHIVE = "data.packed"
_INDEX_BYTES = 1 << 20
_DESCRIPTION = "checksums.txt"
# What the description does not name.
_NAMELESS = ("columns.txt", "columns_substreams.txt")
_GOING_S = 1.0
_BROKEN_BEFORE = "broken-on-start_"
_TRY = re.compile(r"_try\d+$")


def tables(data: Path) -> Iterator[Path]:
    """The folders of all tables whose data is in parts."""
    for marker in data.glob("store/*/*/format_version.txt"):
        yield marker.parent


def parts(table: Path) -> Iterator[str]:
    """The names of a table's parts, also of those that are merged into others."""
    return filter(_PART.fullmatch, os.listdir(table))


def is_whole(part: Path) -> bool:
    """Whether all files are as long as the part says; a part that vanished meanwhile is."""
    try:
        if (part / _ARCHIVE).exists():
            found, description = _packed(part / _ARCHIVE)
        else:
            found, description = _loose(part), (part / _DESCRIPTION).read_bytes()
        said = _sizes(description)
    except FileNotFoundError:
        return not part.exists()
    except (ValueError, IndexError, KeyError, struct.error, *_DAMAGED):
        return False
    is_described = all(found.get(name) for name in _NAMELESS)
    return is_described and all(
        found.get(name) == size or (part / name).is_dir() for name, size in said.items()
    )


def _loose(part: Path) -> dict[str, int]:
    with os.scandir(part) as files:
        return {file.name: file.stat().st_size for file in files}


def _packed(archive: Path) -> tuple[dict[str, int], bytes]:
    """Name → size of the files in an archive, and their description.

    Version 0: the number of files; name, start and size of each; the files. Source: those that
    ClickHouse 26.9 writes.

    Raises:
        ValueError, IndexError, KeyError, struct.error: it is cut off or of another version.
    """
    with archive.open("rb") as file:
        head = file.read(_INDEX_BYTES)
        version, files = struct.unpack_from("<BQ", head)
        if version:
            raise ValueError(f"version {version}")
        at, places = struct.calcsize("<BQ"), {}
        for _ in range(files):
            length, at = _number(head, at)
            name, at = head[at : at + length].decode(), at + length
            places[name] = struct.unpack_from("<QQ", head, at)
            at += struct.calcsize("<QQ")
        if max(start + size for start, size in places.values()) != os.fstat(file.fileno()).st_size:
            raise ValueError("more or less than it says")
        start, size = places[_DESCRIPTION]
        file.seek(start)
        return {name: size for name, (_, size) in places.items()}, file.read(size)


def _sizes(description: bytes) -> dict[str, int]:
    """Name → size of the files a part has. Source: MergeTreeDataPartChecksum.cpp, version 4.

    Raises:
        ValueError, IndexError, LZ4BlockError, ZstdError: it is cut off or damaged.
    """
    text = _plain(description)
    count, at = _number(text, 0)
    sizes = {}
    for _ in range(count):
        length, at = _number(text, at)
        name, at = text[at : at + length].decode(), at + length
        sizes[name], at = _number(text, at)
        is_compressed, at = text[at + _CHECKSUM], at + _CHECKSUM + 1
        if is_compressed:
            _, at = _number(text, at)
            at += _CHECKSUM
    if at != len(text):
        raise ValueError("more or less than it says")
    return sizes


def _plain(raw: bytes) -> bytes:
    """The content of a file of compressed blocks after its head."""
    if not raw.startswith(_HEAD):
        raise ValueError("no head")
    blocks, at = [], len(_HEAD)
    while at < len(raw):
        at += _BLOCK_CHECKSUM
        if at + _BLOCK_HEAD > len(raw):
            raise ValueError("cut off")
        method, packed, size = struct.unpack_from("<BII", raw, at)
        if at + packed > len(raw):
            raise ValueError("cut off")
        blocks.append(_decompress(method, raw[at + _BLOCK_HEAD : at + packed], size))
        at += packed
    return b"".join(blocks)


def _decompress(method: int, block: bytes, size: int) -> bytes:
    if method == _ZSTD:
        return zstandard.ZstdDecompressor().decompress(block, max_output_size=size)
    if method == _LZ4:
        return bytes(lz4.block.decompress(block, size))
    if method == _PLAIN:
        return block
    raise ValueError(f"method {method:x}")


def _number(text: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        byte = text[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


class PartsWatch:
    """Looks at each part until it is whole. Thread-safe."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._whole: dict[Path, set[str]] = {}
        self._broken: list[Path] = []
        self._lock = threading.Lock()
        self._began_at = 0.0

    def prepare(self) -> int:
        """Put broken parts aside before the engine opens the folder; it goes on with their sources.

        It does so itself where files are loose, and takes an archive that is cut off for whole.
        With the token of its insert remembered, the repeat of it would store nothing: tokens of
        broken parts are forgotten. Returns how many were.
        """
        forgotten = 0
        for table in tables(self._data):
            names = set(parts(table))
            broken = {name for name in names if not is_whole(table / name)}
            for name in broken:
                _put_aside(table, name)
            self._whole[table] = names - broken
            forgotten += _forget(table)
        return forgotten

    def broken(self) -> list[Path]:
        """Parts that came and are not whole, told to everybody who asks: no insert is to be
        answered in the moment before this process ends for one of them.

        Who waits here while somebody looks is served by whoever begins after its call.
        """
        called_at = time.monotonic()
        with self._lock:
            if self._began_at <= called_at:
                self._began_at = time.monotonic()
                self._broken = [part for table in tables(self._data) for part in self._new(table)]
            return self._broken

    def _new(self, table: Path) -> list[Path]:
        names = set(parts(table))
        new = names - self._whole.get(table, set())
        broken = {name for name in new if _is_there_and_broken(table / name)}
        self._whole[table] = names - broken
        return [table / name for name in broken]


def _is_there_and_broken(part: Path) -> bool:
    """Looked at again for a while: a table that is dropped loses its files one by one."""
    deadline = time.monotonic() + _GOING_S
    while not is_whole(part):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.02)
    return False


def _put_aside(table: Path, name: str) -> None:
    aside = table / "detached"
    aside.mkdir(exist_ok=True)
    ends = chain([""], (f"_try{number}" for number in count(1)))
    places = (aside / f"{_BROKEN_BEFORE}{name}{end}" for end in ends)
    (table / name).rename(next(place for place in places if not place.exists()))


def _forget(table: Path) -> int:
    aside = table.glob(f"detached/{_BROKEN_BEFORE}*")
    broken = {_TRY.sub("", part.name.removeprefix(_BROKEN_BEFORE)) for part in aside}
    forgotten = 0
    for file in table.glob("deduplication_logs/deduplication_log_*.txt"):
        lines = file.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if _is_kept(line, broken)]
        if kept != lines:
            forgotten += len(lines) - len(kept)
            _replace(file, b"".join(kept))
    return forgotten


def _is_kept(line: bytes, broken: set[str]) -> bool:
    """A line is: operation, part, token. The last one may be cut off."""
    fields = line.split(b"\t")
    return line.endswith(b"\n") and len(fields) == 3 and fields[1].decode() not in broken


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
