"""Times and numbers as the admin shows them: rounded for reading, exact on hover."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.timesince import timesince

from logplatform.kernel import clock

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def ago(moment: datetime | None, *, never: str = "–") -> str:
    """`3 minutes ago`, with the exact time in UTC on hover."""
    if moment is None:
        return never
    now = clock.now()
    words = "just now" if (now - moment).total_seconds() < 60 else _since(moment, now)
    return format_html('<time title="{} UTC">{}</time>', f"{moment:%Y-%m-%d %H:%M:%S}", words)


def rounded(number: int) -> str:
    """12 400 as `12.4 k`; below a thousand as it is."""
    for size, letter in _STEPS:
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + f" {letter}"
    return str(number)


def _since(moment: datetime, now: datetime) -> str:
    return f"{timesince(moment, now, depth=1)} ago"
