"""The admin's times and numbers in templates."""

from django import template

from logplatform import admin_figures

register = template.Library()
register.filter("ago", admin_figures.ago)
register.filter("rounded", admin_figures.rounded)


@register.filter
def in_words(code: str) -> str:
    """`not_an_object` as `not an object`."""
    return code.replace("_", " ")


@register.filter
def share(part: float) -> str:
    """0.82 as `82 %`."""
    return f"{100 * part:.0f} %"


@register.filter
def detail(reason: str) -> str:
    """The sentence of `code: sentence`."""
    return reason.partition(": ")[2] or reason


@register.filter
def to_second(moment: str) -> str:
    """`2026-11-22T10:00:00.250Z` as `2026-11-22 10:00:00`."""
    return moment[:19].replace("T", " ")
