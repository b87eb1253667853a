"""Reads look-up tables that people upload as CSV, and says where they are wrong."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import ClassVar

from logplatform.kernel.errors import PlatformError
from parsing.enrichment.contracts import Table

MAX_BYTES = 2 << 20
MAX_ROWS = 50_000
MAX_COLUMNS = 20
MAX_CELL = 1_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


class InvalidTable(PlatformError):
    """A table that cannot be used."""

    code: ClassVar[str] = "invalid_table"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "Line {line}: {problem}"
    hint: ClassVar[str] = "Send CSV in UTF-8: a header, then the key in the first column."


def read_table(text: str, *, name: str, field: str) -> Table:
    """Read a table.

    Args:
        text: CSV with a header, separated by commas, semicolons or tabs; the first column is the
            key. A BOM and empty lines do not count; an empty cell adds nothing.
        name: goes before the names of the columns.
        field: the attribute or column of a record that is looked up.
    Raises:
        InvalidTable: too large, no header, a row of another width, a key twice, a cell too long.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidTable(line=1, problem=f"the table has more than {MAX_BYTES >> 20} MiB")
    if "\0" in text:
        raise InvalidTable(line=text[: text.index("\0")].count("\n") + 1, problem="a NUL byte")
    lines = _rows(text)
    _, header = next(lines, (1, []))
    columns = _columns(header)
    rows: dict[str, int] = {}
    values: list[list[str | None]] = [[] for _ in columns]
    for line, row in lines:
        _check(line, row, header, rows)
        rows[row[0].strip()] = len(rows)
        for column, cell in zip(values, row[1:], strict=True):
            column.append(cell.strip() or None)
    if not rows:
        raise InvalidTable(line=2, problem="there is no row below the header")
    return Table(name=name, field=field, rows=rows, columns=columns, values=values)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the number of the line they begin at."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidTable(line=begins, problem=f"not readable as CSV: {error}") from error


def _columns(header: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in header)
    if len(names) < 2:
        raise InvalidTable(line=1, problem="the header needs a key column and one more")
    if len(names) > MAX_COLUMNS:
        raise InvalidTable(line=1, problem=f"more than {MAX_COLUMNS} columns")
    for name in names[1:]:
        if not _NAME.fullmatch(name):
            shown = name[:40]
            raise InvalidTable(line=1, problem=f"“{shown}” cannot be the name of a column")
    twice = sorted(name for name in set(names) if names.count(name) > 1)
    if twice:
        raise InvalidTable(line=1, problem=f"two columns named {', '.join(twice)[:80]}")
    return names[1:]


def _check(line: int, row: list[str], header: list[str], rows: dict[str, int]) -> None:
    key = row[0].strip()
    problem = ""
    if len(row) != len(header):
        problem = f"{len(row)} cells where the header has {len(header)}"
    elif not key:
        problem = "the key is empty"
    elif key in rows:
        problem = f"the key “{key[:40]}” is there already"
    elif any(len(cell) > MAX_CELL for cell in row):
        problem = f"a cell has more than {MAX_CELL} characters"
    elif len(rows) >= MAX_ROWS:
        problem = f"more than {MAX_ROWS} rows"
    if problem:
        raise InvalidTable(line=line, problem=problem)
