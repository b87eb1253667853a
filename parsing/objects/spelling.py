"""What polars' NDJSON reader would respell or misread, found and amended in the text before.

In valid JSON a quote that follows none of `\\ { [ , :` and white space closes a string; before a
colon, that string is a key. `KEY_END` rests on this, so that no pattern here mistakes the inside of
a string for a key.
"""

import polars as pl

from logplatform.kernel.lines import MAX_DEPTH
from parsing.frames import none_of, put

# A shorter line cannot be too deep.
FLAT_BYTES = 2 * MAX_DEPTH
KEY_END = r'[^\\{\[,:\s]"\s*:\s*'
ODD_KEY_ENDS = tuple('\\{[,: \t\r\n\v\f"')

# Spellings that would not survive: exponent, trailing zero, over 15 digits with a point, -0, 2^64.
_ODD_NUMBER = (
    r"-?(?:[0-9]{20}|[0-9.]*[eE]|[0-9]+\.[0-9]*0[\s,}\]]|[0-9]{1,5}\.[0-9]{10}"
    r"|[0-9]{6,10}\.[0-9]{5}|[0-9]{11,}\.)|-0[\s,}\]]"
)
_ODD_VALUE = r'":\s*(?:' + _ODD_NUMBER + ")"
_ODD_KEYED_VALUE = KEY_END + "(?:" + _ODD_NUMBER + ")"
_ODD_ELEMENT = r"[\[,]\s*(?:" + _ODD_NUMBER + ")"
# Only what a double can hold, so that an impossible number is still refused.
_NUMBER = r"-?(?:0|[1-9][0-9]{0,199})(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?"
_QUOTABLE = r'([^\\{\[,:\s]"\s*:\s*)(' + _NUMBER + r")(\s*[,}])"
# Keys are counted by their `":`, so there must be nothing between.
_SPACED = r'"\s+:'
_SPACED_KEY = r'([^\\{\[,:\s]")\s+:'
_SPACES_BEFORE_COLON = [" :", "\t:", "\r:"]
_RARE = [*_SPACES_BEFORE_COLON, "\n", r"\u"]
_SURROGATE = r"\\u[dD][89abcdefABCDEF]"
_SURROGATE_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HIDDEN_KEY_END = r"\\u00(?:22|3[aA])"
_ESCAPED_KEY = r'"(?:[^"\\]|\\.)*\\.(?:[^"\\]|\\.)*"\s*:'
_LOST_ESCAPE = r"\\(?:[\\bft]|u00[01]|u005[cC])"


def amend(lines: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Rewrite what would be respelled.

    Args:
        lines: n lines (String).
    Returns:
        The texts to read (numbers quoted, no space before colons); a mask of those that were
        rewritten; a mask of those that only the exact reader can read.
    """
    text = pl.col("text")
    flags = (
        lines.alias("text")
        .to_frame()
        .with_columns(
            odd=text.str.contains(_ODD_VALUE),
            rare=text.str.contains_any(_RARE) | (text.str.len_bytes() > FLAT_BYTES),
        )
    )
    odd, bad = flags["odd"], none_of(len(lines))
    if flags["rare"].any():
        rows = flags["rare"].arg_true()
        found = flags.select(text.gather(rows)).select(
            spaced=text.str.contains_any(_SPACES_BEFORE_COLON), bad=_is_unreadable(text)
        )
        odd = put(odd, rows, odd.gather(rows) | found["spaced"])
        bad = put(bad, rows, found["bad"])
    if not odd.any():
        return lines, odd, bad
    rows = odd.arg_true()
    plain = text.str.replace_all(_SPACED_KEY, "$1:").str.replace_all(_QUOTABLE, '$1"$2"$3')
    amended = flags.select(text.gather(rows)).select(plain)
    rest = text.str.contains(_ODD_KEYED_VALUE) | text.str.contains(_SPACED)
    bad = put(bad, rows, bad.gather(rows) | amended.select(rest).to_series())
    return put(lines, rows, amended.to_series()), odd, bad


def quote_odd_numbers(lines: pl.Series) -> pl.Series | None:
    """Lines with the numbers quoted that would be respelled; None where one cannot be.

    Args:
        lines: n lines (String).
    """
    odd = lines.str.contains(_ODD_VALUE)
    if not odd.any():
        return lines
    rows = odd.arg_true()
    quoted = lines.gather(rows).str.replace_all(_QUOTABLE, '$1"$2"$3')
    return None if quoted.str.contains(_ODD_VALUE).any() else put(lines, rows, quoted)


def has_trap(lines: pl.Series, text: pl.Series) -> bool:
    """Whether `amend` would change more than numbers in some line, or refuse one.

    Args:
        lines: n lines (String).
        text: the lines joined by line feeds, as the only value.
    """
    found = text.to_frame("text").select(
        spaced=pl.col("text").str.contains(_SPACED), lost=_has_lost_escape(pl.col("text"))
    )
    long = lines.filter(lines.str.len_bytes() > FLAT_BYTES).to_frame("text")
    return any(found.row(0)) or bool(long.select(_is_deep(pl.col("text")).any()).item())


def _is_unreadable(text: pl.Expr) -> pl.Expr:
    """Line feeds, deep nesting, half surrogate pairs, escaped quotes that look like a key's."""
    return text.str.contains("\n", literal=True) | _is_deep(text) | _has_lost_escape(text)


def _is_deep(text: pl.Expr) -> pl.Expr:
    return text.str.count_matches(r"[\[{]") > MAX_DEPTH


def _has_lost_escape(text: pl.Expr) -> pl.Expr:
    half = text.str.replace_all(_SURROGATE_PAIR, "").str.contains(_SURROGATE)
    return half | text.str.contains(_HIDDEN_KEY_END)


def has_odd_element(text: pl.Series) -> bool:
    """Whether the only value of `text` may have an array in which a number is respelled."""
    return bool(text.str.contains(_ODD_ELEMENT)[0])


def has_odd_array(lines: pl.Series, odd: pl.Series, frame: pl.DataFrame) -> pl.Series:
    """Lines with an array in which a number is respelled: polars writes arrays anew.

    Args:
        lines: n lines as they came.
        odd: mask of those that were rewritten.
        frame: n rows, the columns that hold arrays.
    """
    starts = pl.any_horizontal(pl.all().str.starts_with("[")).fill_null(value=False)
    rows = frame.select(starts).to_series().arg_true()
    found = odd.gather(rows) | lines.gather(rows).str.contains(_ODD_ELEMENT)
    return put(none_of(len(lines)), rows, found)


def is_garbled(texts: pl.Series, is_nested: pl.Series, nested: pl.DataFrame) -> pl.Series:
    """Lines whose nested values polars writes wrongly: as text, it leaves most escapes out.

    Args:
        texts: n JSON objects.
        is_nested: mask of those with an object or array among the values of `nested`.
        nested: n rows, the columns that hold objects or arrays.
    """
    if not is_nested.any():
        return is_nested
    rows = (is_nested & texts.str.contains("\\", literal=True)).arg_true()
    if not len(rows):
        return none_of(len(texts))
    text = pl.col("text")
    flags = texts.gather(rows).alias("text").to_frame()
    flags = flags.select(key=text.str.contains(_ESCAPED_KEY), value=text.str.contains(_LOST_ESCAPE))
    visible = pl.any_horizontal(pl.all().str.contains(r"(?s)^[\[{].*[\\\x00-\x1f]"))
    lost = nested[rows].select(visible.fill_null(value=False)).to_series() & flags["value"]
    return put(none_of(len(texts)), rows, flags["key"] | lost)


def valid_pattern() -> str:
    """A pattern of JSON objects with up to two more levels: finds the lines that break a batch."""
    string = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
    number = r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,18})?"
    value = scalar = f"(?:{string}|{number}|true|false|null)"
    blank = r"[ \t\r]*"
    an_object = ""
    for _ in range(3):
        member = f"{string}{blank}:{blank}{value}"
        many = f"{blank}(?:{{0}}{blank}(?:,{blank}{{0}}{blank})*)?"
        array = r"\[" + many.replace("{0}", value) + r"\]"
        an_object = r"\{" + many.replace("{0}", member) + r"\}"
        value = f"(?:{scalar}|{array}|{an_object})"
    return f"^{blank}{an_object}{blank}$"
