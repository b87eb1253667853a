"""The state file: which files were shipped how far. Saved whole, atomically and fsynced."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from ingestion.shipper.content import Mark
from logplatform.kernel import clock
from logplatform.kernel.errors import PlatformError

FORGET_AFTER_S = 30 * 24 * 3600


class StateInUse(PlatformError):
    """Two runs with one state file would send lines twice."""

    code = "ship_state_in_use"
    status = 0
    message = "Another `ship` is running with the positions in {path}."
    hint = "Stop it first, or give this run a file of its own with --state."


class StateUnreadable(PlatformError):
    """The state file is not one of ours."""

    code = "ship_state_unreadable"
    status = 0
    message = "The positions in {path} cannot be read."
    hint = "Restore the file, or remove it to ship every file from its start."


class Positions:
    """All marks, by an id of their own that stays when a file is renamed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[int, Mark] = dict(enumerate(_load(path)))
        self._next_id = len(self._marks)

    def add(self, mark: Mark) -> int:
        """Remember a file not known before; the number is for `put`."""
        self._next_id += 1
        self.put(self._next_id, mark)
        return self._next_id

    def put(self, mark_id: int, mark: Mark) -> None:
        """Set one mark and save all of them; on return they survive a power cut."""
        self._marks[mark_id] = replace(mark, seen_at=clock.now().timestamp())
        self._save()

    def get(self, mark_id: int) -> Mark:
        """The mark of that number."""
        return self._marks[mark_id]

    def items(self) -> list[tuple[int, Mark]]:
        """All marks, the newest first."""
        return sorted(self._marks.items(), reverse=True)

    def _save(self) -> None:
        oldest = clock.now().timestamp() - FORGET_AFTER_S
        newest = {mark.path: mark_id for mark_id, mark in self._marks.items()}
        kept = [
            asdict(mark)
            for mark_id, mark in self._marks.items()
            if mark.seen_at >= oldest
            or (newest[mark.path] == mark_id and os.path.exists(mark.path))
        ]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        with draft.open("w") as file:
            json.dump({"version": 1, "files": kept}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        _sync_folder(self._path.parent)


@contextmanager
def locked_positions(path: Path) -> Iterator[Positions]:
    """The positions in a state file, which no other process may use meanwhile.

    Raises:
        StateInUse: another process uses them.
        StateUnreadable: the file is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateInUse(path=str(path)) from error
        yield Positions(path)


def _load(path: Path) -> list[Mark]:
    try:
        return [Mark(**entry) for entry in json.loads(path.read_text())["files"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise StateUnreadable(path=str(path)) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
