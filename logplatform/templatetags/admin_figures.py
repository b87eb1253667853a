"""Numbers as the admin shows them."""

from django import template

register = template.Library()

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


@register.filter
def rounded(number: int) -> str:
    """12 400 → "12.4 k"; below a thousand as it is."""
    for size, letter in _STEPS:
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + f" {letter}"
    return str(number)
