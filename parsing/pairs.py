"""Keys and values inside a text → columns: `a=1 b="x y"`, in the spellings that logs have.

Lines of one stream mostly have the same keys in the same order, so the orders that a sample shows
become one regex each; what they do not fit is taken apart pair by pair, with the same result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from parsing.contracts import EXTRAS_SCHEMA
from parsing.frames import all_rows

MAX_PAIRS = 256
MAX_KEY_BYTES = 128
_SAMPLES = 16
_MAX_ORDERS = 6
_FEW_LINES = 128
# More groups cost more than taking the pairs one by one.
_MAX_LEARNED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How pairs are written.

    Attributes:
        key: regex of a key, without groups.
        equals: regex between key and value.
        value: regex of a value, its quotes included, without groups.
        gap: regex between pairs.
        escapes: what is written → what is meant, applied to values that hold a backslash.
        marked: a regex and its replacement, applied to the text first.
    """

    key: str
    value: str
    equals: str = "="
    gap: str = r"\s+"
    escapes: tuple[tuple[str, str], ...] = ()
    marked: tuple[str, str] | None = None

    @property
    def pair(self) -> str:
        """Regex of a pair: groups for key and value."""
        return f"({self.key}){self.equals}({self.value})"

    @property
    def line(self) -> str:
        """Regex of a text that is nothing but pairs."""
        one = f"{self.key}{self.equals}{self.value}"
        return rf"^\s*{one}(?:{self.gap}{one})*\s*$"


QUOTED = r'"(?:[^"\\]|\\.)*"'
_ESCAPES = (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\\\", "\\"))
GRAMMARS = {
    "logfmt": Grammar(
        key=r'[A-Za-z_@][^\s="]*',
        value=rf'(?:{QUOTED}|[^\s"][^\s]*|)',
        escapes=_ESCAPES,
    ),
    "quoted": Grammar(key=r'[^\s="\]\[]+', value=QUOTED, escapes=(*_ESCAPES, ("\\]", "]"))),
    "comma": Grammar(key=r"[A-Za-z_][\w.-]*", value=rf"(?:{QUOTED}|[^,]*)", gap=r",\s*"),
    "semicolon": Grammar(key=r"[A-Za-z_][\w.-]*", value=r"[^;]*", gap=r"\s*;\s*"),
    "audit": Grammar(key=r"[A-Za-z_][\w-]*", value=rf"(?:{QUOTED}|'[^']*'|[^\s\"'][^\s]*|)"),
    "tab": Grammar(key=r"[^\t=]+", value=r"[^\t]*", gap=r"\t"),
    "caret": Grammar(key=r"[^\^=]+", value=r"[^\^]*", gap=r"\^"),
    "cef": Grammar(
        key=r"[A-Za-z_][\w.\[\]-]*",
        value=r"[^\x1f]*",
        gap=r"\x1f",
        # Values hold spaces: what tells their end is the next key.
        marked=(r"\s+([A-Za-z_][\w.\[\]-]*=)", "\x1f$1"),
        escapes=(("\\=", "="), *_ESCAPES, ("\\|", "|")),
    ),
}


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Pairs of n texts: one String column per key, and `extras` in the form of `EXTRAS_SCHEMA`."""

    columns: pl.DataFrame
    extras: pl.DataFrame | None


def read_pairs(texts: pl.Series, grammar: Grammar, *, kept: frozenset[str]) -> PairColumns:
    """Take texts apart.

    Args:
        texts: n values (String or null) of which each is nothing but pairs.
        grammar: how they are written.
        kept: keys that always get a column when they occur.
    Returns:
        Every pair once, in columns or extras; of keys that occur twice the last value.
    """
    n = len(texts)
    if grammar.marked:
        texts = texts.str.replace_all(*grammar.marked)
    left = texts.is_not_null().arg_true()
    columns = pl.DataFrame({"row": all_rows(n)})
    pieces: list[pl.DataFrame] = []
    if len(left) >= _FEW_LINES:
        for keys in _orders(texts.gather(left), grammar):
            own = texts.gather(left)
            found = own.str.extract_groups(_regex_of(keys, grammar)).struct.unnest()
            fits = found.to_series(0).is_not_null()
            if fits.any():
                found.columns = keys
                values = found.filter(fits).select(pl.all().pipe(_meant, grammar))
                pieces.append(values.with_columns(left.filter(fits).cast(pl.UInt32).alias("\0row")))
                left = left.filter(~fits)
            if not len(left):
                break
    long = _long(texts, left, grammar) if len(left) else pl.DataFrame(schema=EXTRAS_SCHEMA)
    wide = long.filter(pl.col("key").is_in(kept))
    for key in wide["key"].unique(maintain_order=True) if len(wide) else ():
        own_rows = wide.filter(pl.col("key") == key)
        pieces.append(own_rows.select(pl.col("row").alias("\0row"), pl.col("value").alias(key)))
    extras = long.filter(~pl.col("key").is_in(kept)) if len(long) else long
    return PairColumns(_gathered(pieces, columns, n), extras if len(extras) else None)


def _gathered(pieces: list[pl.DataFrame], columns: pl.DataFrame, n: int) -> pl.DataFrame:
    """All pieces as n rows."""
    if not pieces:
        return columns.drop("row")
    if len(pieces) == 1 and len(pieces[0]) == n:
        return pieces[0].drop("\0row")
    for piece in pieces:
        joined = columns.join(piece, left_on="row", right_on="\0row", how="left", suffix="\0")
        both = [name for name in piece.columns if name in columns.columns]
        columns = joined.with_columns(pl.coalesce(name, f"{name}\0").alias(name) for name in both)
        columns = columns.drop(f"{name}\0" for name in both)
    return columns.sort("row").drop("row")


def _orders(texts: pl.Series, grammar: Grammar) -> list[list[str]]:
    """Key orders of a sample."""
    sample = texts.gather_every(max(1, len(texts) // _SAMPLES))
    orders: dict[tuple[str, ...], None] = {}
    found = _pairs_of(sample, all_rows(len(sample)), grammar)
    for (keys,) in found.group_by("row", maintain_order=True).agg("key").select("key").iter_rows():
        if len({*keys}) == len(keys) <= _MAX_LEARNED and all(map(is_kept_whole, keys)):
            orders[tuple(keys)] = None
    return [[*keys] for keys in [*orders][:_MAX_ORDERS]]


def is_kept_whole(key: str) -> bool:
    """Whether a key is short enough to name an attribute."""
    return len(key.encode()) <= MAX_KEY_BYTES


def _regex_of(keys: Sequence[str], grammar: Grammar) -> str:
    pairs = [f"{_escaped(key)}{grammar.equals}({grammar.value})" for key in keys]
    return r"^\s*" + grammar.gap.join(pairs) + r"\s*$"


def _escaped(key: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"\\x{{{ord(c):x}}}" for c in key)


def _meant(values: pl.Expr, grammar: Grammar) -> pl.Expr:
    """Values without their quotes and escapes."""
    if QUOTED in grammar.value:
        is_quoted = values.str.starts_with('"') & values.str.ends_with('"')
        is_quoted &= values.str.len_bytes() > 1
        inner = values.str.slice(1, values.str.len_chars() - 2)
        values = pl.when(is_quoted).then(inner).otherwise(values)
    if not grammar.escapes:
        return values
    plain = values.str.replace_many(
        [written for written, _ in grammar.escapes],
        [meant for _, meant in grammar.escapes],
        leftmost=True,
    )
    return pl.when(values.str.contains("\\", literal=True)).then(plain).otherwise(values)


def _long(texts: pl.Series, rows: pl.Series, grammar: Grammar) -> pl.DataFrame:
    """Pairs of some rows, one a row: `row`, `key`, `value`."""
    pairs = _pairs_of(texts.gather(rows), rows.cast(pl.UInt32), grammar).with_columns(
        pl.col("key").map_batches(_cut, return_dtype=pl.String),
        _meant(pl.col("value"), grammar),
    )
    return pairs.unique(["row", "key"], keep="last", maintain_order=True)


def _pairs_of(texts: pl.Series, rows: pl.Series, grammar: Grammar) -> pl.DataFrame:
    """Every pair as written, one a row: `row`, `key`, `value`."""
    own = pl.DataFrame([rows.alias("row"), texts.alias("pair")])
    pairs = own.select("row", pl.col("pair").str.extract_all(f"(?:^|{grammar.gap})" + grammar.pair))
    pairs = pairs.with_columns(pl.col("pair").list.head(MAX_PAIRS)).explode("pair")
    groups = pl.col("pair").str.extract_groups(f"^(?:{grammar.gap})?" + grammar.pair + "$").struct
    return pairs.select("row", key=groups[0], value=groups[1]).drop_nulls("key")


def _cut(keys: pl.Series) -> pl.Series:
    if not (keys.str.len_bytes() > MAX_KEY_BYTES).any():
        return keys
    return keys.str.head(MAX_KEY_BYTES // 4)
