"""Ids of records: UUIDs of version 7, made a column at a time, that tell their own time.

Layout (RFC 9562, section 5.7): 48 bits of event time in ms · version · 12 + 30 bits of the entry
key · variant · 32 bits of the record's number among those of its request and millisecond, so the
same line of the same request always has the same id, and ids of one request and time are in the
order of its lines. That number is 0 almost always, where the line's own would be a byte on disk.
"""

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import polars as pl

NS_PER_MS = 1_000_000
MAX_MS = (1 << 48) - 1
_KEY_BITS = 42
# Records that are made later than the others of their request have their line's number, from here.
LATER = 1 << 31
# `id_key` of a stored line.
ID_KEY_SQL = (
    "toUInt64(bitOr(bitShiftLeft(bitAnd(bitShiftRight(toUInt128(id), 64), 4095), 30),"
    " bitAnd(bitShiftRight(toUInt128(id), 32), 1073741823)))"
)


def with_ids(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Add `id_high` and `id_low` (UInt64), unless they are there.

    Args:
        frame: needs `timestamp` Datetime[ns], `entry_key` UInt64 and `sequence` UInt32.
    """
    import polars as pl

    if "id_high" in frame.columns:
        return frame
    time_ms = _time_ms(pl.col("timestamp")).cast(pl.UInt64)
    key = pl.col("entry_key")
    # Shifts by multiplication and division: polars has no shift operators.
    high = time_ms * (1 << 16) + 0x7000 + key // (1 << 30) % (1 << 12)
    low = (1 << 63) + key % (1 << 30) * (1 << 32) + pl.col("sequence").cast(pl.UInt64)
    return frame.with_columns(high.alias("id_high"), low.alias("id_low"))


def sequences(timestamps: "pl.Series", requests: "pl.Series") -> "pl.Series":
    """The `sequence` of records, from all of their requests at once.

    Args:
        timestamps: n event times Datetime[ns], in the order of lines.
        requests: n numbers; those of one request follow each other.
    Returns:
        n numbers UInt32: how many records before it have its request and millisecond.
    """
    import numpy as np
    import polars as pl

    asked = pl.DataFrame({"time_ms": timestamps, "request": requests}).with_columns(
        _time_ms(pl.col("time_ms"))
    )
    time_ms, request = asked["time_ms"].to_numpy(), asked["request"].to_numpy()
    is_other = request[1:] != request[:-1]
    if ((time_ms[1:] < time_ms[:-1]) & ~is_other).any():  # not in the order of time
        return asked.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).over("time_ms", "request")
        ).to_series()
    places = np.arange(len(asked))
    starts = places.copy()
    starts[1:][~is_other & (time_ms[1:] == time_ms[:-1])] = 0
    return pl.Series(places - np.maximum.accumulate(starts)).cast(pl.UInt32)


def _time_ms(timestamp: "pl.Expr") -> "pl.Expr":
    return (timestamp.dt.epoch("ns") // NS_PER_MS).clip(0, MAX_MS)


def id_key(entry_key: int) -> int:
    """What the ids of a request's lines have in common: the lower 42 bits of its entry key."""
    return entry_key % (1 << _KEY_BITS)


def id_bytes(frame: "pl.DataFrame") -> bytes:
    """The ids of a frame with `id_high` and `id_low` as n × 16 bytes, big-endian."""
    import numpy as np

    halves = np.empty((len(frame), 2), dtype=">u8")
    halves[:, 0] = frame["id_high"].to_numpy()
    halves[:, 1] = frame["id_low"].to_numpy()
    return halves.tobytes()


def record_time_range(record_id: UUID) -> tuple[int, int] | None:
    """Where to look for a record.

    Returns:
        Event time in ns since 1970, [from, to). Times before 1970 are all in the first
        millisecond's range. None, when the id is not one of ours.
    """
    if record_id.version != 7:
        return None
    time_ms = record_id.int >> 80
    if time_ms * NS_PER_MS >= 1 << 63:
        return None
    start = time_ms * NS_PER_MS
    return (start if time_ms else -(1 << 63)), min(start + NS_PER_MS, (1 << 63) - 1)
