"""The bytes of a log file, plain or gzip, and how to know the same content again elsewhere.

Positions count decompressed bytes, so `app.log` and the `app.log.2.gz` it later becomes share them.
"""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from logplatform.kernel.errors import PlatformError

HEAD_BYTES = 1024
_EMPTY = hashlib.sha256(b"").hexdigest()
_GZIP_MAGIC = b"\x1f\x8b"


class UnreadableFile(PlatformError):
    """A file cannot be read, or is a damaged gzip file."""

    code = "ship_unreadable_file"
    status = 0
    message = "{path} cannot be read at byte {position}: {reason}."
    hint = "What stood before that byte is shipped. Repair or remove the file, then ship again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is remembered of one file.

    Attributes:
        head_bytes: length of the beginning that `head` is the SHA-256 of, at most 1024.
        tail_bytes: length of what stands before `position` that `tail` is the SHA-256 of.
        position: byte up to which all is acknowledged.
        pending_end: end of the range that was being sent, 0 for none: after a crash exactly that
            range goes again, with the same Idempotency-Key.
        origin: names the file this content was first seen in; part of every Idempotency-Key.
        generation: counts contents the same file had, or times it was shipped from the start.
        seen_at: epoch seconds when the file was last there.
    """

    path: str
    device: int
    inode: int
    origin: str
    head_bytes: int = 0
    head: str = _EMPTY
    tail_bytes: int = 0
    tail: str = _EMPTY
    position: int = 0
    pending_end: int = 0
    generation: int = 0
    seen_at: float = 0


class Content:
    """An open log file. It stays readable when the file is renamed or deleted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._raw = path.open("rb", buffering=0)
        status = os.fstat(self._raw.fileno())
        self.device, self.inode = status.st_dev, status.st_ino
        self.is_gzip = os.pread(self._raw.fileno(), 2, 0) == _GZIP_MAGIC
        self._unzipped = gzip.GzipFile(fileobj=self._raw) if self.is_gzip else None

    def read_at(self, position: int, size: int) -> bytes:
        """Up to `size` bytes from a position; less only at the end.

        Raises:
            UnreadableFile: the disk says so, or the gzip stream is damaged or cut off here.
        """
        try:
            if self._unzipped is None:
                return os.pread(self._raw.fileno(), size, position)
            self._unzipped.seek(position)
            return self._unzipped.read(size)
        except (OSError, EOFError, zlib.error) as error:
            reason = str(error) or type(error).__name__
            raise UnreadableFile(path=str(self.path), position=position, reason=reason) from error

    def modified_at(self) -> float:
        """Time of the last write, in epoch seconds."""
        return os.fstat(self._raw.fileno()).st_mtime

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def first_mark(self, *, generation: int = 0) -> Mark:
        """The mark of this file with nothing shipped."""
        head = self.read_at(0, HEAD_BYTES)
        return Mark(
            path=str(self.path),
            device=self.device,
            inode=self.inode,
            origin=f"{self.device:x}-{self.inode:x}",
            head_bytes=len(head),
            head=_digest(head),
            generation=generation,
        )

    def advanced(self, mark: Mark, chunk: bytes) -> Mark:
        """`mark` with the `chunk` after its position acknowledged."""
        tail = chunk[-HEAD_BYTES:]
        after = replace(
            mark,
            tail_bytes=len(tail),
            tail=_digest(tail),
            position=mark.position + len(chunk),
            pending_end=0,
        )
        return self._with_longer_head(after) if mark.head_bytes < HEAD_BYTES else after

    def _with_longer_head(self, mark: Mark) -> Mark:
        head = self.read_at(0, min(HEAD_BYTES, mark.position))
        if len(head) < mark.head_bytes or _digest(head[: mark.head_bytes]) != mark.head:
            return mark
        return replace(mark, head_bytes=len(head), head=_digest(head))

    def continues(self, mark: Mark) -> bool:
        """Whether this file begins with all the content that `mark` was made from."""
        start = mark.position - mark.tail_bytes
        return self.begins_like(mark) and _digest(self.read_at(start, mark.tail_bytes)) == mark.tail

    def begins_like(self, mark: Mark) -> bool:
        """Whether the first bytes are those `mark` remembers; true for a mark of an empty file."""
        head = self.read_at(0, mark.head_bytes)
        return len(head) == mark.head_bytes and _digest(head) == mark.head

    def is_file_of(self, mark: Mark) -> bool:
        """Whether `mark` was made from this very file, whatever it contains now."""
        return (self.device, self.inode) == (mark.device, mark.inode)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
