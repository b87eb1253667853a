"""The systemd journal's export format, as JSON lines: what `journalctl -o export` prints and
`systemd-journal-upload` sends.

Light enough for the door. An entry is a block of fields, one a line, with a blank line below it;
a field whose value has several lines or is binary is its name alone, the length in 8 bytes, and the
value. So the lines of such a body say nothing each for itself: an entry becomes a line as a whole.
Lengths leave no other way than entry by entry: 1 µs a field, once at the door and once in a worker.
Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
"""

import json
import re
from collections.abc import Iterator

MEDIA_TYPE = "application/vnd.fdo.journal"
_CURSOR = b"__CURSOR="
_NAME = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}")
_LENGTH_BYTES = 8

Entry = dict[str, str | list[str]]


class NotAnExport(ValueError):
    """The bytes are not in this format, or are cut off."""


def looks_like_export(body: bytes) -> bool:
    """Whether a body begins as `journalctl -o export` does."""
    return body.startswith(_CURSOR)


def entries_of(body: bytes) -> Iterator[Entry]:
    """The entries of a body: field → value, or values where a field occurs more than once.

    Bytes that are no UTF-8 are replaced.

    Raises:
        NotAnExport: a line is no field, or a value is cut off.
    """
    entry: Entry = {}
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        if end == at:
            if entry:
                yield entry
            entry, at = {}, end + 1
            continue
        name, sign, value = body[at:end].partition(b"=")
        if not _NAME.fullmatch(name):
            raise NotAnExport(f"byte {at} begins no field")
        at = end + 1
        if not sign:
            value, at = _long_value(body, at)
        _add(entry, name.decode(), value.decode("utf-8", "replace"))
    if entry:
        yield entry


def lines_of(body: bytes) -> bytes:
    """The entries as JSON, one a line. Raises: NotAnExport."""
    return b"\n".join(json.dumps(entry).encode() for entry in entries_of(body))


def _long_value(body: bytes, at: int) -> tuple[bytes, int]:
    """A value with its length before it, and the place behind it."""
    start = at + _LENGTH_BYTES
    end = start + int.from_bytes(body[at:start], "little")
    if start > len(body) or end > len(body) or body[end : end + 1] not in (b"\n", b""):
        raise NotAnExport(f"the value at byte {at} is cut off")
    return body[start:end], end + 1


def _add(entry: Entry, name: str, value: str) -> None:
    before = entry.get(name)
    if before is None:
        entry[name] = value
    else:
        entry[name] = [*(before if isinstance(before, list) else [before]), value]
