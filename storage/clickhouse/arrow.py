"""Record frames → Arrow blocks the engine inserts without touching a line in Python."""

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from storage.ids import id_bytes, with_ids

PLAIN = ("severity", "message", "trace_id", "span_id", "pattern_id", "anomaly_score")
TIMES = ("timestamp", "received_at")
# Few different values: sent as dictionaries, so the engine hashes each value once and not per row.
REPEATED = ("app", "source", "service", "host", "logger")
LOG_COLUMNS = ("id", *TIMES, *REPEATED, *PLAIN, "attributes")


def log_block(frame: pl.DataFrame) -> memoryview:
    """An Arrow stream of the `logs` columns; the same frame always gives the same bytes.

    Args:
        frame: record frame with `app`, `source`, `received_at`, `entry_key`, `sequence`.
    """
    frame = with_ids(frame).rechunk()
    columns: dict[str, Any] = {"id": _fixed(id_bytes(frame), len(frame))}
    for name in (*TIMES, *PLAIN):
        columns[name] = _plain(frame[name])
    for name in REPEATED:
        columns[name] = _plain(frame[name].cast(pl.Categorical))
    columns["attributes"] = _map_array(frame["attributes"])
    return _stream(pa.table(columns))


def text_block(frame: pl.DataFrame, *, ids: bytes | None = None) -> memoryview:
    """An Arrow stream of a frame of plain columns, with `id` from 16 bytes a row."""
    columns = {name: _plain(frame[name]) for name in frame.columns}
    if ids is not None:
        columns["id"] = _fixed(ids, len(frame))
    return _stream(pa.table(columns))


def read_block(body: bytes) -> pl.DataFrame:
    """The frame of an Arrow stream the engine sent; text columns are Binary."""
    with pa.ipc.open_stream(body) as reader:
        frame = pl.from_arrow(reader.read_all())
    if not isinstance(frame, pl.DataFrame):
        raise AssertionError("BUG: the engine answered with something else than columns")
    return frame


def _fixed(content: bytes, length: int) -> Any:
    """A column of values of 16 bytes."""
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), length, [None, pa.py_buffer(content)]
    )


def _plain(series: pl.Series) -> Any:
    return series.to_arrow(compat_level=pl.CompatLevel.oldest())


def _map_array(attributes: pl.Series) -> Any:
    """List(Struct{key, value}) → Map, sharing the buffers of keys and values."""
    lists = _plain(attributes)
    entries = lists.values
    offsets = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int32)
    keys, values = entries.field("key"), entries.field("value")
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, values)


def _stream(table: Any) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())
