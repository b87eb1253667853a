"""Reads files and hands their lines to a sender, each once, whatever happens to the files."""

import glob
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.shipper.content import Content, Mark, UnreadableFile
from ingestion.shipper.identify import SETTLE_S, adopted, find_moved, identify, is_gone
from ingestion.shipper.positions import Positions
from logplatform.kernel.errors import PlatformError

CHUNK_BYTES = 4 << 20
LONGEST_PIECE_BYTES = 32 << 20
POLL_S = 0.25

Send = Callable[[bytes, str], None]


class NothingToShip(PlatformError):
    """No file has that name."""

    code = "ship_no_such_file"
    status = 0
    message = "There is no file {pattern}."
    hint = "Check the name; with --follow it is waited for."


@dataclass(slots=True, kw_only=True)
class _Tracked:
    content: Content
    mark_id: int
    quiet_since: float = field(default_factory=time.monotonic)
    seen_bytes: int = -1
    is_detached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOptions:
    """How to read.

    Attributes:
        patterns: paths or glob patterns.
        is_following: go on at the end of the files, across rotation, for ever.
        is_from_start: forget the positions of the files named.
        line_timeout_s: how long a last line without newline may wait for one when following.
    """

    patterns: tuple[str, ...]
    is_following: bool = False
    is_from_start: bool = False
    line_timeout_s: float = 5.0


class Follower:
    """One run over a set of files."""

    def __init__(
        self,
        options: FollowOptions,
        *,
        positions: Positions,
        send: Send,
        wait: Callable[[float], bool],
        warn: Callable[[PlatformError], None],
    ) -> None:
        self._options = options
        self._positions = positions
        self._send = send
        self._wait = wait
        self._warn = warn
        self._tracked: list[_Tracked] = []
        self._finished: set[tuple[int, int]] = set()
        self._is_unsettled = False

    def run(self) -> None:
        """Ship until all is shipped, or, when following, until `wait` says to stop.

        Raises:
            NothingToShip: a pattern names no file (not when following).
            PlatformError: whatever `send` raises.
        """
        self._check_patterns()
        self._track_new(is_first=True)
        self._track_rotated_away()
        while True:
            chunks = sum(self._step(tracked) for tracked in list(self._tracked))
            if not (self._options.is_following or self._tracked or self._is_unsettled):
                return
            if self._wait(0 if chunks else POLL_S):
                return
            self._track_new()

    def _check_patterns(self) -> None:
        for pattern in self._options.patterns:
            if not self._options.is_following and not _files(pattern):
                raise NothingToShip(pattern=pattern)

    def _track_new(self, *, is_first: bool = False) -> None:
        """Begin with files that appeared; see which of the known ones lost their name."""
        self._is_unsettled = False
        known = {(t.content.device, t.content.inode): t for t in self._tracked}
        named: set[tuple[int, int]] = set()
        for path in [path for pattern in self._options.patterns for path in _files(pattern)]:
            try:
                status = path.stat()
            except OSError:
                continue
            file_id = (status.st_dev, status.st_ino)
            if file_id not in named | known.keys() | self._finished:
                self._track(path, is_from_start=is_first and self._options.is_from_start)
            named.add(file_id)
        for file_id, tracked in known.items():
            tracked.is_detached = file_id not in named

    def _track(self, path: Path, *, is_from_start: bool) -> None:
        try:
            content = Content(path)
        except OSError as error:
            self._warn(UnreadableFile(path=str(path), position=0, reason=error.strerror))
            self._finished.add(_file_id(path))
            return
        try:
            found = identify(content, self._positions)
        except UnreadableFile as error:
            self._give_up(content, error)
            return
        if found.is_unsettled:
            self._is_unsettled = True
            content.close()
        elif found.mark_id is None:
            self._begin(content, found.mark)
        elif is_from_start:
            generation = found.mark.generation + 1
            self._begin(content, content.first_mark(generation=generation))
        else:
            self._positions.put(found.mark_id, found.mark)
            self._tracked.append(_Tracked(content=content, mark_id=found.mark_id))

    def _begin(self, content: Content, mark: Mark) -> None:
        self._tracked.append(_Tracked(content=content, mark_id=self._positions.add(mark)))

    def _track_rotated_away(self) -> None:
        """What was rotated while nobody looked: ship its rest, though no pattern names it."""
        ids = {tracked.mark_id for tracked in self._tracked}
        named = {str(path) for pattern in self._options.patterns for path in _files(pattern)}
        named |= {os.path.abspath(pattern) for pattern in self._options.patterns}
        for mark_id, mark in self._positions.items():
            if mark_id not in ids and mark.path in named and is_gone(mark):
                self._track_moved(mark_id, mark)

    def _track_moved(self, mark_id: int, mark: Mark) -> None:
        content = find_moved(mark, besides=Path(mark.path))
        if content is not None:
            self._positions.put(mark_id, adopted(mark, content))
            self._tracked.insert(0, _Tracked(content=content, mark_id=mark_id, is_detached=True))

    def _step(self, tracked: _Tracked) -> bool:
        """Send the next lines of one file; false if there are none now."""
        try:
            mark = self._current_mark(tracked)
            chunk = self._next_chunk(tracked, mark)
        except UnreadableFile as error:
            self._tracked.remove(tracked)
            self._give_up(tracked.content, error)
            return False
        if not chunk:
            self._finish_if_done(tracked)
            return False
        self._ship(tracked, mark, chunk)
        return True

    def _current_mark(self, tracked: _Tracked) -> Mark:
        """The mark of a file; a new one if the file was cut off and filled again."""
        mark = self._positions.get(tracked.mark_id)
        if tracked.content.is_gzip or tracked.content.continues(mark):
            return mark
        fresh = tracked.content.first_mark(generation=mark.generation + 1)
        old_id, tracked.mark_id = tracked.mark_id, self._positions.add(fresh)
        self._track_moved(old_id, mark)
        return fresh

    def _next_chunk(self, tracked: _Tracked, mark: Mark) -> bytes:
        """Whole lines from the position; a last line without newline only when it is time."""
        content = tracked.content
        if mark.pending_end:
            return content.read_at(mark.position, mark.pending_end - mark.position)
        chunk = content.read_at(mark.position, CHUNK_BYTES)
        is_at_end = len(chunk) < CHUNK_BYTES
        if is_at_end and self._is_partial_due(tracked, mark.position + len(chunk)):
            return chunk
        if end := chunk.rfind(b"\n") + 1:
            return chunk[:end]
        return b"" if is_at_end else self._long_line(content, mark.position)

    def _long_line(self, content: Content, position: int) -> bytes:
        """One line longer than a chunk. Past a limit it goes in pieces, which are quarantined."""
        piece = content.read_at(position, LONGEST_PIECE_BYTES)
        end = piece.find(b"\n") + 1
        return piece[:end] if end else piece

    def _is_partial_due(self, tracked: _Tracked, end: int) -> bool:
        if not self._options.is_following:
            return True
        if end != tracked.seen_bytes:
            tracked.seen_bytes, tracked.quiet_since = end, time.monotonic()
        return time.monotonic() - tracked.quiet_since >= self._options.line_timeout_s

    def _ship(self, tracked: _Tracked, mark: Mark, chunk: bytes) -> None:
        """Send a range: first note it, so that a crash sends the same range with the same key.

        Empty lines alone are not sent: the platform refuses a body with nothing in it.
        """
        end = mark.position + len(chunk)
        if chunk.strip():
            self._positions.put(tracked.mark_id, replace(mark, pending_end=end))
            self._send(chunk, _idempotency_key(mark, chunk))
        self._positions.put(tracked.mark_id, tracked.content.advanced(mark, chunk))

    def _finish_if_done(self, tracked: _Tracked) -> None:
        """Close a file that is shipped whole, or that lost its name and is quiet since."""
        is_quiet = time.monotonic() - tracked.quiet_since >= SETTLE_S
        if not self._options.is_following or (tracked.is_detached and is_quiet):
            self._tracked.remove(tracked)
            self._finished.add((tracked.content.device, tracked.content.inode))
            tracked.content.close()

    def _give_up(self, content: Content, error: UnreadableFile) -> None:
        """Leave a damaged file, unless it is a gzip file still being written."""
        is_fresh = time.time() - content.modified_at() < SETTLE_S
        content.close()
        if is_fresh and content.is_gzip:
            self._is_unsettled = True
            return
        self._finished.add((content.device, content.inode))
        self._warn(error)


def _files(pattern: str) -> list[Path]:
    paths = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    return [Path(os.path.abspath(path)) for path in paths if os.path.isfile(path)]


def _file_id(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _idempotency_key(mark: Mark, chunk: bytes) -> str:
    """The same for the same range of the same content, whoever sends it again."""
    body = hashlib.sha256(chunk).hexdigest()
    where = f"{mark.origin}:{mark.generation}:{mark.position}:{len(chunk)}:{body}"
    return f"ship-{hashlib.sha256(where.encode()).hexdigest()[:40]}"
