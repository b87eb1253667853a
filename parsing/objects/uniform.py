"""Many JSON objects of one kind at once: what most bodies are.

A few looks at the whole text tell whether polars reads every line exactly. Where they do not,
`parsing.objects.columns` looks at each line, which costs twice as much.
"""

import numpy as np
import polars as pl

from parsing.frames import SCRATCH
from parsing.objects.exact import MAX_FIELDS, is_odd_key
from parsing.objects.schema import read_body, sampled_schema
from parsing.objects.spelling import FLAT_BYTES, has_odd_element, has_trap, quote_odd_numbers

_Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
_LINE_FEED, _QUOTE, _COLON, _BACKSLASH, _U = b'\n":\\u'
_SPACES = list(b" \t\r")
_NULLS = ['":null', '": null']


def read_uniform(lines: pl.Series) -> pl.DataFrame | None:
    """Read JSON objects, if all are read exactly in one go.

    Args:
        lines: n lines (String, no nulls), any text.
    Returns:
        n rows with one String column per joined key; None when some line needs a second look.
    """
    texts = quote_odd_numbers(lines)
    if texts is None:
        return None
    text = texts.str.join("\n")
    body = text[0].encode()
    keys = _count_keys(texts, text, np.frombuffer(body, np.uint8))
    if keys is None:
        return None
    frame, objects = read_body(body, sampled_schema(lines), n=len(lines))
    if frame is None or frame.width > MAX_FIELDS or any(map(is_odd_key, frame.columns)):
        return None
    found = _count_values(frame, objects)
    # No line has more values than keys without null, so equal sums mean that every line has all.
    if found != keys and found != keys - _count_nulls(text):
        return None
    return frame if _are_plain(nested_columns(frame), text, body) else None


def _are_plain(nested: list[tuple[str, bool, bool]], text: pl.Series, body: bytes) -> bool:
    """Whether what looks like objects and arrays is arrays that polars writes as they were.

    An object in an array has a key that was not counted as a value, so there is none here.
    """
    if any(is_object for _, is_object, _ in nested):
        return False
    return not nested or (b"\\" not in body and not has_odd_element(text))


def _count_keys(lines: pl.Series, text: pl.Series, body: _Bytes) -> int | None:
    """How many `":` there are; None when a line has what the reader would get wrong."""
    if np.count_nonzero(body == _LINE_FEED) != len(lines) - 1:
        return None
    before = body[np.flatnonzero(body == _COLON) - 1]
    escaped = body[np.flatnonzero(body[:-1] == _BACKSLASH) + 1]
    long = bool((lines.str.len_bytes() > FLAT_BYTES).any())
    is_suspect = long or np.isin(before, _SPACES).any() or (escaped == _U).any()
    if is_suspect and has_trap(lines, text):
        return None
    return int(np.count_nonzero(before == _QUOTE))


def _count_values(frame: pl.DataFrame, objects: pl.DataFrame | None) -> int | None:
    """Values and objects that were read; None when an object shows no value."""
    values = sum(len(frame) - column.null_count() for column in frame.get_columns())
    if objects is None:
        return values
    return None if objects["empty"].any() else values + int(objects["count"].sum())


def _count_nulls(text: pl.Series) -> int:
    return sum(int(text.str.count_matches(null, literal=True)[0]) for null in _NULLS)


def nested_columns(frame: pl.DataFrame) -> list[tuple[str, bool, bool]]:
    """Name, whether a value looks like an object, whether one looks like an array."""
    if not frame.width:
        return []
    found = frame.select(
        pl.all().str.starts_with("{").any(),
        pl.all().str.starts_with("[").any().name.suffix(SCRATCH),
    ).row(0)
    flags = zip(frame.columns, found[: frame.width], found[frame.width :], strict=True)
    return [flag for flag in flags if flag[1] or flag[2]]
