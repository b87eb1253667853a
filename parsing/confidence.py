"""How sure a detected format is."""

import polars as pl

from parsing.registry import log_formats

# A format of this specificity is as likely right as wrong.
_EVEN = 10
_CHOSEN = 1_000_000


def format_confidence(formats: pl.Series, n: int) -> tuple[str, float]:
    """The format of a body.

    Args:
        formats: names of the formats of its accepted lines.
        n: how many lines it had.
    Returns:
        The most frequent name (the more specific of two) and a number from 0 to 1: its share of
        the lines, less for formats that many lines look like; nothing and 0 without a line.
    """
    if not len(formats) or not n:
        return "", 0.0
    counts = dict(formats.value_counts().iter_rows())
    name = max(counts, key=lambda each: (counts[each], _specificity(each)))
    specificity = _specificity(name)
    return name, round(counts[name] / n * specificity / (specificity + _EVEN), 3)


def _specificity(name: str) -> int:
    """A format of an app's own is as sure as can be: somebody chose it."""
    known = log_formats().get(name)
    return known.specificity if known else _CHOSEN
