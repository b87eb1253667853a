"""Lines of one shape, read without a parser: they are one text, but for their values.

A program writes its lines by few templates. So one line of a shape is taken apart by hand, and the
others are compared with it, all at once, between the places where its values stand; the values
themselves become views into the text. What is not exactly alike is left to the other readers: lines
with an escape, an array, an empty object, a key that occurs twice, a number in an odd spelling.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

from parsing.frames import all_rows
from parsing.objects.exact import MAX_FIELDS, MAX_FLAT_DEPTH, is_odd_key
from parsing.objects.part import Part
from parsing.views import INLINE_BYTES, place_of, series_of

# Fewer lines of a shape cost less where all shapes are read together; of few lines in all, a shape
# with an eighth of them is worth it.
_MIN_LINES, _FEW_LINES, _MIN_PART = 256, 32, 8
_MAX_GROUPS = 24
# A shape that few of a sample have is left, and so are the others after so many of those.
_MAX_TRIES, _MIN_SHARE, _SAMPLE = 16, 1 / 32, 512
_BLOCK = 2048
# More than any shape is long.
_PADDING = 1 << 16
_QUOTE, _LINE_FEED, _BACKSLASH, _FIRST_PLAIN = b'"\n\\ '
_KEY = re.compile(r' *"([^"\\]*)" *: *')
_VALUE = re.compile(r'"(?P<text>[^"\\]*)"|[-+.0-9A-Za-z]+')
_NEXT = re.compile(r" *([,}])")
# What a double holds for sure; with an exponent it is read one by one.
_BARE = r"^(?:-?(?:0|[1-9][0-9]{0,199})(?:\.[0-9]+)?|true|false|null)$"
_NULL = int.from_bytes(b"null", "little")

_Index: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
_Mask: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A line cut at its m values.

    Attributes:
        names: m joined keys.
        bare: m times whether the value stands without quotes.
        texts: m + 1 texts around the values.
        anchors: for the texts between two values, the number of their first quote in the line, and
            how many bytes come before it in the text.
    """

    names: tuple[str, ...]
    bare: tuple[bool, ...]
    texts: tuple[bytes, ...]
    anchors: tuple[tuple[int, int], ...]


def shape_of(line: str) -> Shape | None:
    """Cut a line at its values; None where it is not an object that can be read by its shape."""
    spans: list[tuple[str, int, int]] = []
    if not line.startswith("{") or _cut_object(line, 0, "", 1, spans) != len(line):
        return None
    names = tuple(name for name, _, _ in spans)
    if len({*names}) < len(names) or len(names) > MAX_FIELDS or any(map(is_odd_key, names)):
        return None
    edges = [0, *(edge for _, start, end in spans for edge in (start, end)), len(line)]
    texts = [line[a:b].encode() for a, b in zip(edges[::2], edges[1::2], strict=True)]
    quotes = np.cumsum([text.count(b'"') for text in texts])
    anchors = [(int(quotes[i]), text.find(b'"')) for i, text in enumerate(texts[1:-1])]
    return Shape(
        names=names,
        bare=tuple(line[start - 1] != '"' for _, start, _ in spans),
        texts=tuple(texts),
        anchors=tuple(anchors),
    )


def _cut_object(
    line: str, at: int, prefix: str, depth: int, spans: list[tuple[str, int, int]]
) -> int:
    """Add the values of the object that opens at `at`; where it ends, or 0 if it cannot be cut."""
    end = ","
    at += 1
    while end == ",":
        key = _KEY.match(line, at)
        if key is None or depth > MAX_FLAT_DEPTH:
            return 0
        name, at = prefix + key[1], key.end()
        if line.startswith("{", at):
            at = _cut_object(line, at, f"{name}.", depth + 1, spans)
        elif (value := _VALUE.match(line, at)) is None:
            return 0
        else:
            spans.append((name, *value.span("text" if value["text"] is not None else 0)))
            at = value.end()
        after = _NEXT.match(line, at) if at else None
        if after is None:
            return 0
        end, at = after[1], after.end()
    return at


def read_aligned(lines: pl.Series) -> tuple[list[Part], pl.Series]:
    """Read the JSON objects that come in large groups of one shape.

    Args:
        lines: n lines (String, no nulls), any text.
    Returns:
        Parts with one String column per joined key, exact; and the rows (UInt32) that are left.
    """
    parts: list[Part] = []
    is_left = np.ones(len(lines), np.bool_)
    at_least = min(_MIN_LINES, max(_FEW_LINES, len(lines) // _MIN_PART))
    if len(lines) < at_least:
        return parts, all_rows(len(lines))
    text = _Text.of(lines)
    for rows, quotes in text.groups(at_least):
        for part in _read_group(lines, text, rows, quotes, at_least):
            parts.append(part)
            is_left[part.rows.to_numpy()] = False
    return parts, pl.Series(np.flatnonzero(is_left).astype(np.uint32))


def _read_group(
    lines: pl.Series, text: "_Text", rows: _Index, quotes: np.ndarray, at_least: int
) -> Iterator[Part]:
    """The parts of lines with equally many quotes, shape by shape, until shapes are rare."""
    tries = 0
    while len(rows) >= at_least and tries < _MAX_TRIES:
        shape = shape_of(lines[int(rows[0])])
        is_other = np.ones(len(rows), np.bool_)
        is_other[0] = False
        if shape is None or not shape.names or _share(text, shape, rows, quotes) < _MIN_SHARE:
            tries += 1
        else:
            alike = _Alike(text, shape, rows, quotes)
            is_other &= ~alike.is_alike
            yield alike.part()
        rows, quotes = rows[is_other], quotes[is_other]


def _share(text: "_Text", shape: Shape, rows: _Index, quotes: np.ndarray) -> float:
    """How many of some of the lines are of a shape."""
    some = slice(None, None, max(1, len(rows) // _SAMPLE))
    return float(_Alike(text, shape, rows[some], quotes[some]).is_alike.mean())


@dataclass(frozen=True, slots=True)
class _Text:
    """A text, where its n lines start and end, and where its quotes are.

    `buffer` is what views point into, `sixteen` the sixteen bytes that start at each of its bytes,
    and at any place that a line unlike its shape leads to; `is_odd` tells lines with an escape or a
    control character.
    """

    buffer: pa.Buffer
    sixteen: np.ndarray
    starts: _Index
    ends: _Index
    quotes: _Index
    is_odd: _Mask | None

    @classmethod
    def of(cls, lines: pl.Series) -> "_Text":
        """The text of lines."""
        buffer, starts, ends = place_of(lines) or _joined(lines)
        body = np.frombuffer(buffer, np.uint8)
        is_odd = None
        odd = _odd_places(body, ends)
        if len(odd):
            is_odd = np.zeros(len(starts), np.bool_)
            is_odd[np.searchsorted(starts, odd, "right") - 1] = True
        return cls(buffer, _at_any_byte(body), starts, ends, np.flatnonzero(body == _QUOTE), is_odd)

    def groups(self, at_least: int) -> Iterator[tuple[_Index, np.ndarray]]:
        """Rows of lines with equally many quotes, where that are enough, and their quotes."""
        n = len(self.starts)
        if self.is_odd is None and len(self.quotes) % n == 0:
            every = self.quotes.reshape(n, -1)
            if every.shape[1] and _are_inside(every, self.starts, self.ends):
                yield np.arange(n), every
                return
        first = np.searchsorted(self.quotes, self.starts)
        counts = np.searchsorted(self.quotes, self.ends) - first
        if self.is_odd is not None:
            counts[self.is_odd] = 0
        sizes = np.bincount(counts)
        for count in np.flatnonzero(sizes[1:] >= at_least)[:_MAX_GROUPS] + 1:
            rows = np.flatnonzero(counts == count)
            yield rows, self.quotes[first[rows][:, None] + np.arange(count)]


def _at_any_byte(body: np.ndarray) -> np.ndarray:
    """The sixteen bytes from each byte on; zeros follow the text."""
    content = np.concatenate([body, np.zeros(_PADDING, np.uint8)])
    return np.ndarray((len(content) - 15,), "V16", content, strides=(1,))


def _are_inside(quotes: np.ndarray, starts: _Index, ends: _Index) -> bool:
    return bool((quotes[:, 0] >= starts).all() and (quotes[:, -1] < ends).all())


def _joined(lines: pl.Series) -> tuple[pa.Buffer, _Index, _Index]:
    """As `place_of`, of a copy."""
    lengths = lines.str.len_bytes().to_numpy().astype(np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    return pa.py_buffer(lines.str.join("\n")[0].encode()), starts, starts + lengths


def _odd_places(body: np.ndarray, ends: _Index) -> _Index:
    """Where backslashes are, and control characters that end no line."""
    escapes = np.flatnonzero(body == _BACKSLASH)
    is_control = body < _FIRST_PLAIN
    own = ends[: len(ends) - int(ends[-1] == len(body))]
    if np.count_nonzero(is_control) == np.count_nonzero(is_control[own]):
        return escapes
    is_control[own] = False
    return np.concatenate([escapes, np.flatnonzero(is_control)])


class _Alike:
    """m lines held against a shape: which are alike, and views of the values of those.

    Block by block, as everything about a block fits the processor's cache.
    """

    def __init__(self, text: _Text, shape: Shape, rows: _Index, quotes: np.ndarray) -> None:
        """Compare the lines at `rows`, whose quotes are given, with a shape."""
        self._text, self._shape, self._rows = text, shape, rows
        self.is_alike = np.ones(len(rows), np.bool_)
        self._count = 0
        self._views = [np.empty((len(rows), 4), np.uint32) for _ in shape.names]
        self._pieces = [_words_and_masks(piece) for piece in shape.texts]
        for start in range(0, len(rows), _BLOCK):
            self._look_at(slice(start, start + _BLOCK), quotes[start : start + _BLOCK])

    def _look_at(self, block: slice, quotes: np.ndarray) -> None:
        rows, shape = self._rows[block], self._shape
        places = [
            self._text.starts[rows],
            *(quotes[:, number] - before for number, before in shape.anchors),
            self._text.ends[rows] - len(shape.texts[-1]),
        ]
        is_alike = self._are_alike(places)
        self.is_alike[block] = is_alike
        if not is_alike.all():
            places = [place[is_alike] for place in places]
        found = slice(self._count, self._count + len(places[0]))
        self._count = found.stop
        for index, views in enumerate(self._views):
            starts = places[index] + len(shape.texts[index])
            self._look_into(views[found], starts, places[index + 1] - starts)

    def _are_alike(self, places: list[_Index]) -> _Mask:
        """Whether the texts of the shape stand at their places, one after the other."""
        differing = np.zeros((len(places[0]), 2), np.uint64)
        for place, pieces in zip(places, self._pieces, strict=True):
            for offset, words, masks in pieces:
                found = self._text.sixteen[place + offset].view(np.uint64).reshape(-1, 2)
                found ^= words[: len(found)]
                found &= masks[: len(found)]
                differing |= found
        is_alike: _Mask = (differing[:, 0] | differing[:, 1]) == 0
        for index, text in enumerate(self._shape.texts[:-1]):
            is_alike &= places[index] + len(text) <= places[index + 1]
        return is_alike

    def _look_into(self, views: np.ndarray, starts: _Index, lengths: _Index) -> None:
        """Make views of the values that start there."""
        is_long = lengths > INLINE_BYTES
        found = self._text.sixteen[starts - 4].view(np.uint32).reshape(-1, 4)
        kept = _KEPT[np.where(is_long, 4, lengths)].view(np.uint32).reshape(-1, 4)
        np.bitwise_and(found, kept, out=views)
        views[:, 0] = lengths
        if is_long.any():
            np.copyto(views[:, 3], starts, where=is_long, casting="unsafe")

    def part(self) -> Part:
        """The lines that are alike, with their values; none where a bare value is no JSON."""
        rows, columns = self._rows[self.is_alike], []
        named = zip(self._shape.names, self._shape.bare, self._views, strict=True)
        for name, is_bare, views in named:
            own = views[: self._count]
            is_null = (own[:, 0] == 4) & (own[:, 1] == _NULL) if is_bare else None
            columns.append(_series(name, own, self._text.buffer, is_null))
        bare = [
            column for column, is_bare in zip(columns, self._shape.bare, strict=True) if is_bare
        ]
        part = Part(pl.Series(rows.astype(np.uint32)), pl.DataFrame(columns))
        good = _are_json(bare, len(rows))
        return part if good is None else Part(part.rows.filter(good), part.frame.filter(good))


def _series(name: str, views: np.ndarray, buffer: pa.Buffer, is_null: _Mask | None) -> pl.Series:
    validity = None
    if is_null is not None and is_null.any():
        validity = pa.py_buffer(np.packbits(~is_null, bitorder="little"))
    return series_of(views, buffer, validity).alias(name)


def _words_and_masks(piece: bytes) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """A text in parts of 16 bytes: where each begins, its two words, and which bits count.

    Words and bits are repeated for each line of a block: numpy takes four times as long to hold two
    of them against many.
    """
    parts = []
    for offset in range(0, len(piece), 16):
        part = piece[offset : offset + 16]
        both = part.ljust(16, b"\0") + bytes([255] * len(part)).ljust(16, b"\0")
        words = np.frombuffer(both, np.uint64)
        parts.append((offset, np.tile(words[:2], (_BLOCK, 1)), np.tile(words[2:], (_BLOCK, 1))))
    return parts


def _are_json(columns: list[pl.Series], n: int) -> pl.Series | None:
    """Rows of which all values without quotes are numbers or words of JSON; None if all are."""
    if not columns:
        return None
    good = pl.concat(columns).str.contains(_BARE).fill_null(value=True)
    if good.all():
        return None
    mask = good[:n]
    for start in range(n, len(good), n):
        mask &= good[start : start + n]
    return mask


# Which bytes a view keeps of a value of so many, behind the four of its length; of a value that
# does not fit, the first four.
_KEPT = np.array([bytes(4) + b"\xff" * length for length in range(INLINE_BYTES + 1)], dtype="V16")
