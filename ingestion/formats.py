"""Choices of log formats for forms."""

from parsing import format_names


def format_choices(chosen: str = "") -> list[tuple[str, str]]:
    """Choices of a form; a chosen format whose file is gone stays choosable."""
    names = sorted({*format_names(), chosen} - {""})
    return [("", "detected line by line"), *((name, name) for name in names)]
