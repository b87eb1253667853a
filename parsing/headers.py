"""Headers of tables (CSV, TSV, W3C): which one is in force for the lines of a body.

Light enough for the door, which sees bodies in the order they come and writes the header into each,
so that a body is read the same way wherever and however often it is read.
"""

import re

TABLES = ("csv", "tsv", "w3c")
MAX_CHARS = 8_192
MAX_COLUMNS = 256
FIELDS = "#Fields:"
_NAME = re.compile(r"[^\W\d][\w .:@%#/()\[\]-]{0,99}")
# One of them at least is in a header that follows another one.
_USUAL = frozenset(
    (
        *("@timestamp", "date", "datetime", "event", "host", "hostname", "id", "level", "logger"),
        *("message", "msg", "service", "severity", "source", "status", "time", "timestamp", "ts"),
        "user",
    )
)
_SEPARATORS = {"csv": ",;", "tsv": "\t"}


def table_in(formats: tuple[str, ...]) -> str:
    """The table among the names of formats; empty where there is none."""
    return next((name for name in formats if name in TABLES), "")


def header_for(table: str, body: bytes, remembered: str) -> str:
    """The header that is in force where a body begins.

    Args:
        table: of `TABLES`.
        body: lines, decompressed.
        remembered: header of what the sender sent before; empty: none.
    """
    if table == "w3c":
        return remembered
    first = _first_line(body)
    return first if is_header(table, first, remembered) else remembered


def header_after(table: str, body: bytes, header: str) -> str:
    """The header in force behind a body, for those that follow."""
    at = (b"\n" + body).rfind(b"\n" + FIELDS.encode()) if table == "w3c" else -1
    if at < 0:
        return header
    found = body[at : at + MAX_CHARS].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return found if len(found) < MAX_CHARS else header


def is_header(table: str, line: str, remembered: str) -> bool:
    """Whether a line names columns: names that differ; after another header, with a usual one."""
    if line == remembered or not 0 < len(line) <= MAX_CHARS:
        return bool(line) and line == remembered
    cells = [cell.strip().strip('"').strip() for cell in line.split(separator_of(table, line))]
    names = [cell.casefold() for cell in cells]
    are_names = all(_NAME.fullmatch(cell) for cell in cells) and len({*names}) == len(names)
    if not are_names or not 2 <= len(cells) <= MAX_COLUMNS:
        return False
    return not remembered or not _USUAL.isdisjoint(names)


def separator_of(table: str, header: str) -> str:
    """What stands between the cells of a header and of its rows."""
    choices = _SEPARATORS[table]
    return max(choices, key=header.count) if header else choices[0]


def _first_line(body: bytes) -> str:
    """The first line that is not blank, without its end and a byte order mark."""
    for line in body[: 2 * MAX_CHARS].lstrip(b"\xef\xbb\xbf\r\n \t").split(b"\n", 1)[:1]:
        return line.decode("utf-8", "replace").rstrip("\r ")
    return ""
