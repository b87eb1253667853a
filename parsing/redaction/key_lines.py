"""Private keys that a sender split into lines: what stands between BEGIN and END of one."""

import polars as pl

from parsing.frames import put

MAX_LINES = 200
_BEGIN = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_BODY = r"^\s*(?:[A-Za-z0-9+/=]{1,76}|[A-Za-z-]+: .{0,80})?\s*$"
_RUN = r"[A-Za-z0-9+/=]{20,}"


def redact_key_lines(raw: pl.Series, clean: pl.Series, mark: str) -> tuple[pl.Series, pl.Series]:
    """Mask the lines of keys.

    Args:
        raw: n texts in the order they came, as they came.
        clean: the same texts after the rules.
        mark: what to leave.
    Returns:
        n texts, and the rows that were changed, UInt32. Looked at are the lines from one that
        begins a key to the one that ends it; where none does within `MAX_LINES`, those that follow
        and hold nothing but base64. A line with more than that loses its runs of base64.
    """
    begins = raw.str.contains("-----BEGIN", literal=True).fill_null(value=False)
    none = pl.Series(dtype=pl.UInt32)
    if not begins.any():
        return clean, none
    opened = raw.str.contains(_BEGIN) & ~raw.str.contains(_BEGIN + r"(?s:.*)" + _END)
    rows: list[int] = []
    for start in opened.fill_null(value=False).arg_true():
        rows += _lines_of_key(raw, start)
    if not rows:
        return clean, none
    places = pl.Series(rows, dtype=pl.UInt32).unique()
    texts = clean.gather(places).to_frame("text")
    is_body = raw.gather(places).str.contains(_BODY).alias("is_body")
    is_blank = pl.col("text").str.strip_chars() == ""
    masked = (
        texts.with_columns(is_body)
        .select(
            pl.when(is_blank)
            .then("text")
            .when("is_body")
            .then(pl.lit(mark))
            .otherwise(pl.col("text").str.replace_all(_RUN, mark))
        )
        .to_series()
    )
    changed = (masked != texts["text"]).arg_true()
    return put(clean, places.gather(changed), masked.gather(changed)), places.gather(changed)


def _lines_of_key(raw: pl.Series, start: int) -> range:
    window = raw[start + 1 : start + 1 + MAX_LINES]
    ends = window.str.contains(_END).fill_null(value=False).arg_true()
    if len(ends):
        return range(start + 1, start + 1 + ends[0])
    strange = (~window.str.contains(_BODY)).fill_null(value=True).arg_true()
    length = strange[0] if len(strange) else len(window)
    return range(start + 1, start + 1 + length)
