"""Tags by rule: which records are about what."""

import re
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from parsing.enrichment.contracts import TagRule

TAGS = "tags"
SEPARATOR = ","
MAX_RULES = 60
# A query of polars costs as much as looking at so many texts in Python.
_FEW = 128
_WHO = ("service", "logger", "path")
DEFAULT_TAGS = (
    TagRule(tag="api", fields=("path",), words=("/api/", "/graphql")),
    TagRule(
        tag="auth",
        fields=_WHO,
        words=("auth", "login", "logout", "signin", "signup", "sshd", "sudo", "/session", "oidc"),
    ),
    TagRule(
        tag="health", fields=("path",), words=("/health", "/readyz", "/livez", "/ping", "/metrics")
    ),
    TagRule(
        tag="payment",
        fields=_WHO,
        words=("payment", "checkout", "billing", "invoice", "refund", "/pay"),
    ),
)


def tags_of(rules: Sequence[TagRule], columns: dict[str, pl.Series], n: int) -> pl.Series | None:
    """The tags of every record, joined with commas in the order of the rules.

    Args:
        rules: at most `MAX_RULES`.
        columns: field → n texts or nulls.
        n: how many records.
    Returns:
        n texts or nulls, named `tags`; None where no record has any.
    """
    bits = (_bits_of_few if n <= _FEW else _bits_of_many)(rules, columns, n)
    if not (bits > 0).any():
        return None
    distinct = bits.unique()
    texts = [_text(value, rules) for value in distinct.to_list()]
    named = pl.Series(texts, dtype=pl.String)
    return bits.replace_strict(distinct, named, return_dtype=pl.String).alias(TAGS)


def _bits_of_few(rules: Sequence[TagRule], columns: dict[str, pl.Series], n: int) -> pl.Series:
    bits = [0] * n
    for field, column in columns.items():
        looks = [(bit, _pattern_of(rule.words).search) for bit, rule in _looking_at(field, rules)]
        for row, text in enumerate(column):
            if text:
                bits[row] |= sum(bit for bit, look in looks if look(text))
    return pl.Series(bits, dtype=pl.UInt64)


def _bits_of_many(rules: Sequence[TagRule], columns: dict[str, pl.Series], n: int) -> pl.Series:
    bits = pl.zeros(n, dtype=pl.UInt64, eager=True)
    for field in dict.fromkeys(field for rule in rules for field in rule.fields):
        if field in columns:
            bits = bits | _bits(columns[field], _looking_at(field, rules))
    return bits


def _looking_at(field: str, rules: Sequence[TagRule]) -> list[tuple[int, TagRule]]:
    """The rules that look at a field, each with its bit."""
    return [(1 << number, rule) for number, rule in enumerate(rules) if field in rule.fields]


def _bits(column: pl.Series, rules: Sequence[tuple[int, TagRule]]) -> pl.Series:
    """The bits of the rules that find one of their words in each text."""
    is_varied = 2 * column.head(_FEW).n_unique() > _FEW
    if is_varied and not any(word[-1:].isdigit() for _, rule in rules for word in rule.words):
        # No word ends with a digit, so `/orders/17` tells what `/orders/18` tells.
        column = column.str.strip_chars_end("0123456789")
    distinct = column.drop_nulls().unique()
    if 2 * len(distinct) > len(column):
        return _found_in(column, rules)
    found = _found_in(distinct, rules)
    hits = found > 0
    if not hits.any():
        return pl.zeros(len(column), dtype=pl.UInt64, eager=True)
    return column.replace_strict(
        distinct.filter(hits), found.filter(hits), default=0, return_dtype=pl.UInt64
    )


def _found_in(texts: pl.Series, rules: Sequence[tuple[int, TagRule]]) -> pl.Series:
    bits = pl.zeros(len(texts), dtype=pl.UInt64, eager=True)
    for bit, rule in rules:
        hit = texts.str.contains(_any_of(rule.words)).fill_null(value=False)
        bits = bits | hit.cast(pl.UInt64) * bit
    return bits


@lru_cache(maxsize=1024)
def _pattern_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_any_of(words))


@lru_cache(maxsize=1024)
def _any_of(words: tuple[str, ...]) -> str:
    return "(?i)" + "|".join(re.escape(word) for word in words)


def _text(bits: int, rules: Sequence[TagRule]) -> str | None:
    tags = [rule.tag for number, rule in enumerate(rules) if bits >> number & 1]
    return SEPARATOR.join(dict.fromkeys(tags)) or None
