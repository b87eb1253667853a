"""The three forms of an export: the engine words lines of text, parquet is put together here."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from storage.export.columns import FORMULA, Column

ExportFormat = Literal["ndjson", "csv", "parquet"]
FORMATS: tuple[ExportFormat, ...] = ("ndjson", "csv", "parquet")
_GROUP_BYTES = 32 << 20
_GROUP_ROWS = 131_072
_READ_BYTES = 1 << 20


class Form(Protocol):
    """One way to write an export: what to select for it, and the file around the rows."""

    engine_format: str
    settings: dict[str, Any]

    def select(self) -> tuple[str, dict[str, Any]]:
        """The columns to select, and the values that they name."""

    def file(self, parts: Iterator[Iterator[bytes]]) -> Iterator[bytes]:
        """The file, from the rows of one query after the other."""


@dataclass(frozen=True, slots=True)
class Ndjson:
    """A JSON object a line, with the names that were asked for."""

    columns: Sequence[Column]
    engine_format = "TSVRaw"
    settings = {"output_format_json_escape_forward_slashes": 0}

    def select(self) -> tuple[str, dict[str, Any]]:
        """One text a line."""
        params: dict[str, Any] = {}
        pieces: list[str] = []
        for column in self.columns:
            mark = "," if pieces else "{"
            params[f"j{column.number}"] = f"{mark}{json.dumps(column.name, ensure_ascii=False)}:"
            pieces += [
                f"{{j{column.number}:String}}",
                f"ifNull(toJSONString({column.text}), 'null')",
            ]
        return f"concat({', '.join(pieces)}, '}}')", params

    def file(self, parts: Iterator[Iterator[bytes]]) -> Iterator[bytes]:
        """The lines as they are."""
        for part in parts:
            yield from part


@dataclass(frozen=True, slots=True)
class Csv:
    """RFC 4180 with a line of names; no cell is a formula."""

    columns: Sequence[Column]
    engine_format = "CSV"
    settings = {"format_csv_null_representation": ""}

    def select(self) -> tuple[str, dict[str, Any]]:
        """A cell a column."""
        cells = ", ".join(column.cell for column in self.columns)
        return cells, {"formula": FORMULA}

    def file(self, parts: Iterator[Iterator[bytes]]) -> Iterator[bytes]:
        """The names, then the lines as they are."""
        names = [column.name for column in self.columns]
        head = io.StringIO()
        safe = [f"'{name}" if re.match(FORMULA, name) else name for name in names]
        csv.writer(head, lineterminator="\n").writerow(safe)
        yield head.getvalue().encode()
        for part in parts:
            yield from part


@dataclass(frozen=True, slots=True)
class Parquet:
    """Columns with their types, in groups of rows."""

    columns: Sequence[Column]
    engine_format = "ArrowStream"
    settings = {"output_format_arrow_string_as_string": 1}

    def select(self) -> tuple[str, dict[str, Any]]:
        """A column each, named by its number."""
        chosen = ", ".join(f"{column.value} AS c{column.number}" for column in self.columns)
        return chosen, {}

    def file(self, parts: Iterator[Iterator[bytes]]) -> Iterator[bytes]:
        """Groups of rows as they fill; the table of contents comes last."""
        import pyarrow as pa
        from pyarrow import parquet

        sink = _Sink()
        writer: Any = None
        held: list[Any] = []
        for part in parts:
            source = io.BufferedReader(_Source(part), _READ_BYTES)
            with pa.ipc.open_stream(source) as reader:
                schema = pa.schema(
                    field.with_name(column.name)
                    for field, column in zip(reader.schema, self.columns, strict=True)
                )
                writer = writer or parquet.ParquetWriter(sink, schema, compression="zstd")
                for batch in reader:
                    held.append(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                    if _is_full(held):
                        writer.write_table(pa.Table.from_batches(held))
                        held.clear()
                    yield sink.take()
        if held:
            writer.write_table(pa.Table.from_batches(held))
        if writer is not None:
            writer.close()
        yield sink.take()


def _is_full(batches: list[Any]) -> bool:
    rows: int = sum(batch.num_rows for batch in batches)
    size: int = sum(batch.nbytes for batch in batches)
    return rows >= _GROUP_ROWS or size >= _GROUP_BYTES


class _Sink(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._length += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Source(io.RawIOBase):
    """A file to read, from pieces as they come."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        length = min(len(buffer), len(self._rest))
        buffer[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length


FORM_OF: dict[ExportFormat, type[Ndjson] | type[Csv] | type[Parquet]] = {
    "ndjson": Ndjson,
    "csv": Csv,
    "parquet": Parquet,
}
