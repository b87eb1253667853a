"""Message templates, a column at a time; the rules are in `logplatform.kernel.templates`."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

from logplatform.kernel.anomaly import word_pattern
from logplatform.kernel.templates import (
    FIRST,
    GOLDEN,
    ID_BITS,
    LETTER,
    MAX_CHARS,
    METHODS,
    PATHS,
    SECOND,
    SEPARATORS,
    SLASH,
    mask_patterns,
)
from parsing.frames import SCRATCH, bytes_of, first_present

# Looking repeated messages up costs less than masking them when half of a sample repeats.
_SAMPLE = 512
_LINE_FEED, _SLASH_BYTE, _ZERO = (np.uint8(code) for code in b"\n/0")
_NINE = np.uint8(9)
_NUMBERED, _VALUES = mask_patterns(r"(?-u:\b)")
_TROUBLE = word_pattern("i-u")
_TAILS = np.array([(1 << 8 * length) - 1 for length in range(9)], dtype=np.uint64)

_Words: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.uint64]]"


def templates_of(subjects: pl.Series) -> pl.DataFrame:
    """What the templates of records tell.

    Args:
        subjects: n texts (String, no nulls), from `subjects_of`.
    Returns:
        n rows: `pattern_id` UInt64 of 53 bits, as `logplatform.kernel.templates.pattern_id_of`
        says; `tells_trouble` Boolean, whether a word of `logplatform.kernel.anomaly` is in it.
    """
    heads = _over_distinct(_heads, subjects.alias("head"))["head"]
    return _over_distinct(_templates_of_heads, heads)


def subjects_of(
    messages: pl.Series,
    attributes: Sequence[pl.Series],
    extras: pl.DataFrame | None = None,
    bodies: pl.Series | None = None,
) -> pl.Series:
    """What the templates of records are made from.

    Args:
        messages: n texts (String); null counts as empty.
        attributes: String series of n values, named by key.
        extras: more attributes in the form of `EXTRAS_SCHEMA`, or None.
        bodies: n texts (String), the ends of the messages that count, or null.
    Returns:
        n texts, as `logplatform.kernel.templates.subject_of` says of each record.
    """
    messages = messages.fill_null("") if messages.null_count() else messages
    method, path = (
        first_present(names, attributes, extras, len(messages)) for names in (METHODS, PATHS)
    )
    own = messages if bodies is None else _own_text(messages, bodies)
    if method is None or path is None:
        return own
    if not (bytes_of(messages) == _SLASH_BYTE).any() and not (messages == "").any():
        return own
    may_hold_path = (messages == "") | messages.str.contains("/", literal=True)
    asked = pl.DataFrame({"message": messages, "method": method, "path": path, "own": own})
    request = pl.concat_str([pl.col("method"), pl.col("path")], separator=" ")
    is_all = (pl.col("message") == "") | pl.col("message").str.contains(request, literal=True)
    route = request.str.splitn("?", 2).struct.field("field_0")
    route = route.str.replace_all("/", SLASH, literal=True)
    is_request = pl.lit(may_hold_path) & is_all & request.is_not_null()
    return asked.select(pl.when(is_request).then(route).otherwise("own")).to_series()


def _own_text(messages: pl.Series, bodies: pl.Series) -> pl.Series:
    """The bodies from their first word on; the message where there is none, or no letter in it."""
    asked = pl.DataFrame({"message": messages, "body": bodies.str.strip_chars_start(SEPARATORS)})
    is_told = pl.col("body").str.contains(LETTER).fill_null(value=False)
    return asked.select(pl.when(is_told).then("body").otherwise("message")).to_series()


def _heads(subjects: pl.Series) -> pl.DataFrame:
    """The part of each subject that counts, words with digits replaced, as `head`."""
    content = bytes_of(subjects)
    if (content == _LINE_FEED).any():
        subjects = subjects.str.splitn("\n", 2).struct.field("field_0")
    if (subjects.str.len_bytes() > MAX_CHARS).any():
        subjects = subjects.str.head(MAX_CHARS)
    if ((content - _ZERO) <= _NINE).any():
        subjects = subjects.str.replace_all(*_NUMBERED)
    return subjects.alias("head").to_frame()


def _templates_of_heads(heads: pl.Series) -> pl.DataFrame:
    return _over_distinct(_told_by, heads.str.replace_all(*_VALUES))


def _told_by(texts: pl.Series) -> pl.DataFrame:
    trouble = texts.str.contains(_TROUBLE)
    if trouble.any():
        trouble &= ~texts.str.contains(SLASH, literal=True)
    return pl.DataFrame({"pattern_id": hashes_of(texts), "tells_trouble": trouble})


def _over_distinct(work: Callable[[pl.Series], pl.DataFrame], texts: pl.Series) -> pl.DataFrame:
    """`work` over texts, each different one once if many repeat."""
    sample = texts.head(_SAMPLE)
    if sample.n_unique() * 2 > len(sample):
        return work(texts)
    distinct = texts.unique().alias(SCRATCH)
    found = work(distinct).with_columns(distinct)
    asked = texts.alias(SCRATCH).to_frame()
    return asked.join(found, on=SCRATCH, how="left", maintain_order="left").drop(SCRATCH)


def hashes_of(texts: pl.Series) -> pl.Series:
    """As `logplatform.kernel.templates.hash_of`, for n texts (String): UInt64.

    numpy, for polars promises its own hash for one version only.
    """
    if not len(texts):
        return pl.Series([], dtype=pl.UInt64)
    sizes = texts.str.len_bytes().to_numpy().astype(np.int64)
    counts = np.maximum((sizes + 7) >> 3, 1)
    words = _words_of(texts, sizes, counts)
    totals = np.add.reduceat(words, np.cumsum(counts) - counts) + sizes.astype(np.uint64)
    return pl.Series(_mixed(totals) >> np.uint64(64 - ID_BITS))


def _words_of(texts: pl.Series, sizes: np.ndarray, counts: np.ndarray) -> _Words:
    """The mixed words of eight bytes of all texts, one after the other; the last padded by 0."""
    joined = np.concatenate([bytes_of(texts), np.zeros(8, np.uint8)])
    at_any_byte = np.ndarray((len(joined) - 7,), dtype="<u8", buffer=joined, strides=(1,))
    ends = np.cumsum(counts)
    places = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    words = at_any_byte[np.repeat(np.cumsum(sizes) - sizes, counts) + (places << 3)]
    words[ends - 1] &= _TAILS[sizes - ((counts - 1) << 3)]
    words += (places + 1).astype(np.uint64) * np.uint64(GOLDEN)
    return _mixed(words)


def _mixed(words: _Words) -> _Words:
    words ^= words >> np.uint64(30)
    words *= np.uint64(FIRST)
    words ^= words >> np.uint64(27)
    words *= np.uint64(SECOND)
    words ^= words >> np.uint64(31)
    return words
