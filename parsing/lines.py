"""Bodies → lines. Counting without polars is in `logplatform.kernel.lines`."""

from io import BytesIO
from itertools import filterfalse

import polars as pl

from logplatform.kernel.lines import count_lines

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
    text = text.removesuffix("\n")
    lines_ = pl.Series("line", [text], dtype=pl.String).str.split("\n").explode()
    # Counting costs a twentieth of looking at every line for blanks, which are rare.
    if len(lines_) != count_lines(blob):
        lines_ = lines_.filter(~lines_.str.contains(_BLANK))
    return lines_.str.strip_suffix("\r") if b"\r" in blob else lines_
