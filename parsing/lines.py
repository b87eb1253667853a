"""Bodies → lines. Counting without polars is in `logplatform.kernel.lines`."""

from collections.abc import Iterable
from io import BytesIO
from itertools import chain, filterfalse

import numpy as np
import polars as pl
import pyarrow as pa

from logplatform.kernel.lines import count_lines
from parsing.views import INLINE_BYTES, LARGEST_OFFSET, texts_at

_LINE_FEED, _SPACE = 10, 32
_BLANK = r"^[ \t\r\v\f]*$"


def split_lines(blob: bytes) -> pl.Series:
    r"""Split a body into its lines.

    Lines end at LF only (U+2028, VT and FF stay inside); a CR before it is taken off; lines of
    nothing but ASCII white space are left out.

    Args:
        blob: any bytes.
    Returns:
        `count_lines(blob)` lines: String when the body is valid UTF-8, else Binary.
    """
    try:
        text = blob.decode()
    except UnicodeDecodeError:
        kept = filterfalse(bytes.isspace, BytesIO(blob))
        lines = [line.removesuffix(b"\n").removesuffix(b"\r") for line in kept]
        return pl.Series("line", lines, dtype=pl.Binary)
    lines_, may_be_blank = _views_of(blob) or _texts_of(text)
    if may_be_blank:
        lines_ = lines_.filter(~lines_.str.contains(_BLANK))
    return lines_.str.strip_suffix("\r") if b"\r" in blob else lines_


def split_bodies(bodies: Iterable[bytes]) -> pl.Series:
    """The lines of several bodies, one after the other, as `split_lines` says of each.

    With one line end between two bodies: where lines follow each other without a gap, those who
    look at all of them at once need no copy.
    """
    ends = ((body, b"" if body.endswith(b"\n") else b"\n") for body in bodies)
    return split_lines(b"".join(chain.from_iterable(ends)))


def _texts_of(text: str) -> tuple[pl.Series, bool]:
    """Lines as copies, and whether some may be blank."""
    lines = pl.Series("line", [text.removesuffix("\n")]).str.split("\n").explode()
    return lines, len(lines) != count_lines(text.encode())


def _views_of(text: bytes) -> tuple[pl.Series, bool] | None:
    """Lines that are not empty as views into the text, and whether some may be blank.

    None where one is too short for a view.
    """
    found = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(found == _LINE_FEED)
    if not len(ends) or ends[-1] != len(found) - 1:
        ends = np.append(ends, len(found))
    starts = np.concatenate([[0], ends[:-1] + 1])
    starts, lengths = starts[ends > starts], (ends - starts)[ends > starts]
    if (lengths <= INLINE_BYTES).any() or len(found) > LARGEST_OFFSET:
        return None
    first = found[starts]
    lines = texts_at(pa.py_buffer(text), starts, starts + lengths).alias("line")
    return lines, bool((first <= _SPACE).any())
