"""Many JSON objects at once, as columns; says for which lines that is not exact.

polars reads NDJSON natively (1.2 µs a line), but keeps the first of repeated keys, drops keys that
the schema lacks, and respells numbers (`1.0` → `1`). So numbers in a spelling that would change are
quoted before, and every line is accounted for after: its count of `":` must equal the values found
plus those inside them. What does not add up is left to `parsing.objects.exact`.
"""

import json
from collections.abc import Sequence

import polars as pl

from parsing.objects.exact import MAX_DEPTH, MAX_FIELDS, fits

_MAX_FAST_DEPTH = 6
_MAX_COLUMNS = 512
# A name no key can have: NUL is not printable.
_SCRATCH = "\0"
_SAMPLE_LINES = 24

# In valid JSON a quote that follows none of these closes a string; before a colon, that is a key.
_KEY_END = r'[^\\{\[,:\s]"\s*:\s*'
_ODD_KEY_ENDS = tuple('\\{[,: \t\r\n\v\f"')
# Spellings that would not survive: exponent, trailing zero, over 15 digits with a point, -0, 2^64.
_ODD_NUMBER = (
    r"-?(?:[0-9]{20}|[0-9.]*[eE]|[0-9]+\.[0-9]*0[\s,}\]]|[0-9]{1,5}\.[0-9]{10}"
    r"|[0-9]{6,10}\.[0-9]{5}|[0-9]{11,}\.)|-0[\s,}\]]"
)
_ODD_VALUE = r'":\s*(?:' + _ODD_NUMBER + ")"
_ODD_KEYED_VALUE = _KEY_END + "(?:" + _ODD_NUMBER + ")"
_ODD_ELEMENT = r"[\[,]\s*(?:" + _ODD_NUMBER + ")"
# Keys are counted by their `":`, so there must be nothing between.
_SPACED = r'"\s+:'
_SPACED_KEY = r'([^\\{\[,:\s]")\s+:'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,299})(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?"
_QUOTABLE = r'([^\\{\[,:\s]"\s*:\s*)(' + _NUMBER + r")(\s*[,}])"
_SURROGATE = r"\\u[dD][89abcdefABCDEF]"
_SURROGATE_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HIDDEN_KEY_END = r"\\u00(?:22|3[aA])"
_NULL = _KEY_END + r"null\s*[,}]"
_OBJECT_VALUE = _KEY_END + r"\{"
_ESCAPED_KEY = r'"(?:[^"\\]|\\.)*\\.(?:[^"\\]|\\.)*"\s*:'
_LOST_ESCAPE = r"\\(?:[\\bft]|u00[01]|u005[cC])"
_BRACED_STRING = r'"\s*:\s*"(?:\{|\\u007[bB])'


def read_columns(lines: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Read JSON objects.

    Args:
        lines: n lines (String), any text.
    Returns:
        n rows with one String column per joined key, and a Boolean per line: True where the row is
        not to be trusted and the line needs `read_exact`.
    """
    flags = _flags(lines)
    odd, bad = flags["odd"], flags["bad"]
    texts = lines
    if odd.any():
        text = pl.col("text")
        plain = text.str.replace_all(_SPACED_KEY, "$1:").str.replace_all(_QUOTABLE, '$1"$2"$3')
        rewritten = lines.filter(odd).alias("text").to_frame().select(plain)
        still_odd = text.str.contains(_ODD_KEYED_VALUE) | text.str.contains(_SPACED)
        bad = bad.scatter(odd.arg_true(), bad.filter(odd) | rewritten.select(still_odd).to_series())
        # scatter works in place.
        texts = lines.clone().scatter(odd.arg_true(), rewritten.to_series())
    has_bad = bad.any()
    frame, still_bad = _read_level(texts.filter(~bad) if has_bad else texts, depth=1)
    if has_bad:
        frame, still_bad = _spread(frame, ~bad), _spread_mask(still_bad, ~bad) | bad
    return frame, still_bad | _has_odd_arrays(frame, lines, odd) | _has_odd_keys(frame)


def _flags(lines: pl.Series) -> pl.DataFrame:
    """Per line: `odd`, to be rewritten; `bad`, the native reader would misread or choke."""
    text = pl.col("text")
    flags = (
        lines.alias("text")
        .to_frame()
        .with_columns(
            odd=text.str.contains(_ODD_VALUE) | text.str.contains_any([" :", "\t:", "\r:"]),
            bad=text.str.contains("\n", literal=True),
            long=text.str.len_bytes() > 2 * MAX_DEPTH,
            escaped=text.str.contains(r"\u", literal=True),
        )
    )
    if flags["long"].any():
        deep = text.str.count_matches(r"[\[{]") > MAX_DEPTH
        flags = flags.with_columns(bad=pl.col("bad") | (pl.col("long") & deep))
    if flags["escaped"].any():
        half = text.str.replace_all(_SURROGATE_PAIR, "").str.contains(_SURROGATE)
        hidden = half | text.str.contains(_HIDDEN_KEY_END)
        flags = flags.with_columns(bad=pl.col("bad") | (pl.col("escaped") & hidden))
    return flags


def _has_odd_arrays(frame: pl.DataFrame, lines: pl.Series, odd: pl.Series) -> pl.Series:
    """Lines with an array in which a number would be respelled."""
    none = pl.repeat(False, len(lines), eager=True)
    names = _columns_starting(frame, "[")
    if not names:
        return none
    arrays = pl.any_horizontal(pl.col(name).str.starts_with("[") for name in names)
    rows = frame.select(arrays.fill_null(value=False)).to_series().arg_true()
    return none.scatter(rows, odd.gather(rows) | lines.gather(rows).str.contains(_ODD_ELEMENT))


def _has_odd_keys(frame: pl.DataFrame) -> pl.Series:
    """Lines with a key that has to be changed, or with too many."""
    names = [name for name in frame.columns if not fits(name) or not all(name.split("."))]
    odd = pl.repeat(False, len(frame), eager=True)
    if names:
        odd |= _present(frame.select(names)) > 0
    if frame.width > MAX_FIELDS:
        odd |= _present(frame) > MAX_FIELDS
    return odd


def _columns_starting(frame: pl.DataFrame, prefix: str) -> list[str]:
    """The columns that have such values."""
    if not frame.width:
        return []
    found = frame.select(pl.all().str.starts_with(prefix).any())
    return [name for name in frame.columns if found[name][0]]


def _read_level(texts: pl.Series, *, depth: int) -> tuple[pl.DataFrame, pl.Series]:
    """Rows and doubts of one level of nesting; nested objects are read by themselves."""
    keys = _sampled_keys(texts)
    frame = _read_ndjson(texts, keys)
    if frame is not None:
        frame, bad = _account(texts, frame)
        return _expand_objects(texts, frame, bad, depth=depth)
    valid = texts.str.contains(_VALID)
    frame = _read_ndjson(texts.filter(valid), keys)
    if frame is None:
        return _nothing(len(texts)), pl.repeat(True, len(texts), eager=True)
    frame, bad = _account(texts.filter(valid), frame)
    frame, bad = _expand_objects(texts.filter(valid), frame, bad, depth=depth)
    return _spread(frame, valid), _spread_mask(bad, valid) | ~valid


def _sampled_keys(texts: pl.Series) -> list[str]:
    """Keys of some lines; keys that others add are found because their count is short."""
    keys: dict[str, None] = {}
    for text in texts.gather_every(max(1, len(texts) // _SAMPLE_LINES)):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            keys.update(dict.fromkeys(found))
    return [key for key in keys if _is_plain(key)][:_MAX_COLUMNS]


def _is_plain(key: str) -> bool:
    """Whether the key can name a column (half a surrogate pair cannot) and be told in the text."""
    return not key.endswith(_ODD_KEY_ENDS) and key.isprintable()


def _read_ndjson(texts: pl.Series, keys: list[str]) -> pl.DataFrame | None:
    """Rows with `keys` as text columns; None when any line is not a JSON object."""
    if not len(texts):
        return _nothing(0)
    schema = dict.fromkeys(keys or ["_"], pl.String)
    try:
        frame = pl.read_ndjson(texts.str.join("\n")[0].encode(), schema=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    return frame if len(frame) == len(texts) else None


def _account(texts: pl.Series, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Find lines with more in them than the frame shows; read those again with their keys."""
    doubted = texts.str.count_matches('":', literal=True) != _present(frame)
    bad = pl.repeat(False, len(texts), eager=True)
    if not doubted.any():
        return frame, bad
    rows = doubted.arg_true()
    short = rows.filter(~_adds_up(texts.gather(rows), frame[rows]))
    if not len(short):
        return frame, bad
    again = _read_ndjson(texts.gather(short), _more_keys(texts.gather(short), frame.columns))
    if again is None:
        return frame, bad.scatter(short, True)
    bad = bad.scatter(short, ~_adds_up(texts.gather(short), again))
    place = pl.int_range(len(frame), dtype=pl.UInt32, eager=True).scatter(
        short, pl.int_range(len(frame), len(frame) + len(short), dtype=pl.UInt32, eager=True)
    )
    return pl.concat([frame, again], how="diagonal")[place], bad


def _adds_up(texts: pl.Series, frame: pl.DataFrame) -> pl.Series:
    """Whether each line's `":` are its values, its nulls and those inside its values."""
    inside = [pl.col(name).str.count_matches('":', literal=True) for name in frame.columns]
    keys = texts.str.count_matches('":', literal=True).cast(pl.Int64)
    missing = keys - _present(frame) - _row_sum(frame, inside)
    rows = (missing > 0).arg_true()
    if not len(rows):
        return missing == 0
    nulls = texts.gather(rows).str.count_matches(_NULL).cast(pl.Int64)
    nested = [
        pl.when(pl.col(name).str.contains(r"^[\[{]")).then(pl.col(name).str.count_matches(_NULL))
        for name in frame.columns
    ]
    own_nulls = nulls - _row_sum(frame[rows], nested)
    return missing.scatter(rows, missing.gather(rows) - own_nulls) == 0


def _more_keys(texts: pl.Series, known: list[str]) -> list[str]:
    """All keys in the texts, nested ones too, most frequent first, after those known."""
    found = texts.str.extract_all(r'"(?:[^"\\]|\\.)*"\s*:').explode().drop_nulls()
    counted = found.value_counts(sort=True).head(_MAX_COLUMNS)
    keys = dict.fromkeys(known)
    for raw in counted.to_series():
        keys.update(dict.fromkeys(_decoded_key(raw)))
    return [*keys][:_MAX_COLUMNS]


def _decoded_key(raw: str) -> list[str]:
    try:
        key = json.loads(raw.rstrip(": \t\r\n"))
    except ValueError:
        return []
    return [key] if _is_plain(key) else []


def _expand_objects(
    texts: pl.Series, frame: pl.DataFrame, bad: pl.Series, *, depth: int
) -> tuple[pl.DataFrame, pl.Series]:
    """Replace columns of objects by columns of their keys."""
    names = sorted(_columns_starting(frame, "{"))
    nested = [*names, *_columns_starting(frame, "[")]
    if nested:
        bad |= _is_garbled(texts, frame.select([*dict.fromkeys(nested)]))
    if not names:
        return frame, bad
    braced = frame.select(
        (pl.col(name).str.starts_with("{") & (pl.col(name) != "{}")).fill_null(value=False)
        for name in names
    )
    any_braced = braced.select(pl.any_horizontal(pl.all())).to_series()
    is_object = texts.str.contains(_OBJECT_VALUE)
    bad |= any_braced & is_object & texts.str.contains(_BRACED_STRING)
    for name in names:
        rows = braced[name] & is_object & ~bad
        if depth >= _MAX_FAST_DEPTH:
            bad |= rows
        elif rows.any():
            inner, inner_bad = _read_level(frame[name].filter(rows), depth=depth + 1)
            bad |= _spread_mask(inner_bad, rows)
            frame = _merge(frame, name, _spread(inner, rows), rows)
    return frame, bad


def _is_garbled(texts: pl.Series, nested: pl.DataFrame) -> pl.Series:
    """Lines whose nested values polars writes wrongly: as text, it leaves most escapes out."""
    found = pl.repeat(False, len(texts), eager=True)
    opens = pl.any_horizontal(pl.all().str.contains(r"^[\[{]")).fill_null(value=False)
    has_escape = texts.str.contains("\\", literal=True)
    rows = (nested.select(opens).to_series() & has_escape).arg_true()
    if not len(rows):
        return found
    text = pl.col("text")
    flags = texts.gather(rows).alias("text").to_frame()
    flags = flags.select(key=text.str.contains(_ESCAPED_KEY), value=text.str.contains(_LOST_ESCAPE))
    visible = pl.any_horizontal(pl.all().str.contains(r"(?s)^[\[{].*[\\\x00-\x1f]"))
    lost = nested[rows].select(visible.fill_null(value=False)).to_series() & flags["value"]
    return found.scatter(rows, flags["key"] | lost)


def _merge(frame: pl.DataFrame, name: str, inner: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Put `inner`'s columns in as `name.key`; what is there already wins."""
    inner = inner.rename({key: f"{name}.{key}" for key in inner.columns})
    shared = [key for key in inner.columns if key in frame.columns]
    return frame.with_columns(
        pl.when(~pl.lit(rows)).then(pl.col(name)).alias(name),
        *(pl.coalesce(pl.col(key), pl.lit(inner[key])).alias(key) for key in shared),
        *inner.drop(shared).get_columns(),
    )


def _spread(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Give the frame's rows the places where `rows` is True; null rows elsewhere."""
    place = pl.select(pl.when(rows).then(rows.cum_sum() - 1).cast(pl.UInt32)).to_series()
    if not frame.width:
        return _nothing(len(rows))
    return frame.select(pl.all().gather(place)) if len(frame) else frame.clear(len(rows))


def _spread_mask(mask: pl.Series, rows: pl.Series) -> pl.Series:
    return pl.repeat(False, len(rows), eager=True).scatter(rows.arg_true(), mask)


def _nothing(n: int) -> pl.DataFrame:
    """n rows without columns."""
    return pl.int_range(n, eager=True).alias("n").to_frame().drop("n")


def _row_sum(frame: pl.DataFrame, counts: Sequence[pl.Expr]) -> pl.Series:
    total = pl.sum_horizontal(pl.lit(0, pl.Int64), *counts)
    return frame.with_columns(total.cast(pl.Int64).alias(_SCRATCH))[_SCRATCH]


def _present(frame: pl.DataFrame) -> pl.Series:
    """How many keys each row has."""
    return _row_sum(frame, [pl.col(name).is_not_null() for name in frame.columns])


def _valid_pattern() -> str:
    """A pattern for JSON objects of up to two more levels, to find the lines that break a batch."""
    string = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
    number = r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,18})?"
    value = scalar = f"(?:{string}|{number}|true|false|null)"
    blank = r"[ \t\r]*"
    for _ in range(3):
        member = f"{string}{blank}:{blank}{value}"
        many = f"{blank}(?:{{0}}{blank}(?:,{blank}{{0}}{blank})*)?"
        array = r"\[" + many.replace("{0}", value) + r"\]"
        an_object = r"\{" + many.replace("{0}", member) + r"\}"
        value = f"(?:{scalar}|{array}|{an_object})"
    return f"^{blank}{an_object}{blank}$"


_VALID = _valid_pattern()
