"""Texts as views: where in one buffer they stand, so that none is copied.

A view has 16 bytes: length, first four bytes, number of the buffer, offset in it. Up to 12 bytes
are kept in the view itself. Source: Arrow columnar format, "Variable-size Binary View Layout".
"""

from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

INLINE_BYTES = 12
LARGEST_OFFSET = (1 << 31) - 1
_RUN = 64

Places: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]


def texts_at(buffer: pa.Buffer, starts: Places, ends: Places) -> pl.Series:
    """The texts between these places of a buffer, each longer than `INLINE_BYTES`."""
    content = np.frombuffer(buffer, np.uint8)
    views = np.zeros((len(starts), 4), np.uint32)
    views[:, 0] = ends - starts
    beginnings = np.ndarray((max(len(content) - 3, 0),), np.uint32, content, strides=(1,))
    views[:, 1] = beginnings[starts]
    views[:, 3] = starts
    return series_of(views, buffer)


def series_of(views: np.ndarray, buffer: pa.Buffer, validity: pa.Buffer | None = None) -> pl.Series:
    """A column of n × 4 words into a buffer of UTF-8."""
    buffers = [validity, pa.py_buffer(views), buffer]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(views), buffers))


def place_of(lines: pl.Series) -> tuple[pa.Buffer, Places, Places] | None:
    """The buffer that lines are views into, and where they start and end there, in order.

    None where they are views into several buffers, or more than line feeds is between them.
    """
    array = lines.rechunk().alias("").to_arrow(compat_level=pl.CompatLevel.newest())
    validity, views, *buffers = array.buffers()
    is_one = validity is None and len(buffers) == 1 and len(array)
    if not is_one or buffers[0].size > LARGEST_OFFSET:
        return None
    words = np.frombuffer(views, np.uint32).reshape(-1, 4)[array.offset :][: len(array)]
    starts = words[:, 3].astype(np.int64)
    lengths = words[:, 0].astype(np.int64)
    gaps = starts[1:] - starts[:-1] - lengths[:-1]
    is_whole = starts[0] == 0 and buffers[0].size - starts[-1] - lengths[-1] <= 1
    if not is_whole or (gaps != 1).any() or (lengths <= INLINE_BYTES).any():
        return None
    return buffers[0], starts, starts + lengths


def runs_of(lines: pl.Series) -> tuple[pl.Series, Places] | None:
    """Lines that follow each other, 64 to a text, and which lines each text begins with.

    To look for something rare that has no boundaries, as lines that had to be copied have nothing
    between them: asking costs less, the longer a text is, and more than a copy. None where lines
    are few, or those of a text too short for a view.
    """
    if len(lines) <= 2 * _RUN:
        return None
    buffer, starts, ends = place_of(lines) or _copied(lines)
    firsts = np.arange(0, len(lines), _RUN)
    lasts = np.minimum(firsts + _RUN, len(lines)) - 1
    starts, ends = starts[firsts], ends[lasts]
    if buffer.size > LARGEST_OFFSET or (ends - starts <= INLINE_BYTES).any():
        return None
    return texts_at(buffer, starts, ends), np.append(firsts, len(lines))


def _copied(lines: pl.Series) -> tuple[pa.Buffer, Places, Places]:
    """As `place_of`, of a copy without anything between the lines; nulls are empty."""
    array = lines.rechunk().alias("").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, content = array.buffers()
    edges = np.frombuffer(offsets, np.int64)[array.offset :][: len(array) + 1]
    return content or pa.py_buffer(b""), edges[:-1], edges[1:]
