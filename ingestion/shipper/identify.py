"""Which remembered content is this file? The answer that makes rotation right.

Rotation by rename keeps the inode; by copy and truncate it keeps the inode for new content and
makes a new file of the old; compression makes a new file of the same (decompressed) content.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from ingestion.shipper.content import HEAD_BYTES, Content, Mark, UnreadableFile
from ingestion.shipper.positions import Positions

SETTLE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a file is: content remembered under `mark_id`, or new; `mark` is what to go on with.

    `is_unsettled`: it may be a copy that is still being written; look again later.
    """

    mark: Mark
    mark_id: int | None = None
    is_unsettled: bool = False


def identify(content: Content, positions: Positions) -> Identity:
    """Find the remembered content that a file continues.

    Raises:
        UnreadableFile: the file cannot be read.
    """
    marks = positions.items()
    own = [(mark_id, mark) for mark_id, mark in marks if content.is_file_of(mark)]
    for mark_id, mark in own:
        if content.continues(mark):
            return Identity(mark=replace(mark, path=str(content.path)), mark_id=mark_id)
    generation = max((mark.generation + 1 for _, mark in own), default=0)
    fresh = Identity(mark=content.first_mark(generation=generation))
    others = [(mark_id, mark) for mark_id, mark in marks if not content.is_file_of(mark)]
    return _copy_of(content, others) or fresh


def _copy_of(content: Content, others: list[tuple[int, Mark]]) -> Identity | None:
    folder = content.path.parent
    for mark_id, mark in others:
        if Path(mark.path).parent != folder or not mark.head_bytes:
            continue
        if not content.begins_like(mark):
            continue
        if content.continues(mark) and is_gone(mark):
            return Identity(mark=adopted(mark, content), mark_id=mark_id)
        if _may_become_copy(content, mark):
            return Identity(mark=mark, is_unsettled=True)
    return None


def adopted(mark: Mark, content: Content) -> Mark:
    """The same content, now in another file."""
    return replace(mark, path=str(content.path), device=content.device, inode=content.inode)


def is_gone(mark: Mark) -> bool:
    """Whether the content of a mark is no longer at its path."""
    try:
        content = Content(Path(mark.path))
    except OSError:
        return True
    try:
        return not content.continues(mark)
    except UnreadableFile:
        return True
    finally:
        content.close()


def find_moved(mark: Mark, *, besides: Path) -> Content | None:
    """The file beside its old path that continues the content of a mark, opened."""
    stem = Path(mark.path).name
    for path in sorted(besides.parent.glob("*")):
        if path == besides or not path.name.startswith(stem) or not path.is_file():
            continue
        try:
            content = Content(path)
        except OSError:
            continue
        try:
            if content.continues(mark):
                return content
        except UnreadableFile:
            pass
        content.close()
    return None


def _may_become_copy(content: Content, mark: Mark) -> bool:
    is_rotated_name = content.path.name.startswith(Path(mark.path).name)
    is_recent = time.time() - content.modified_at() < SETTLE_S
    return is_rotated_name and mark.head_bytes == HEAD_BYTES and is_recent
