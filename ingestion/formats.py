"""Log formats as settings name them: one, or several with commas between, or none."""

from ingestion.errors import UnknownFormat
from parsing import format_names

MAX_FORMATS_CHARS = 500


def formats_in(text: str) -> tuple[str, ...]:
    """The names in a setting; none: every line's format is detected."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


def check_formats(text: str) -> str:
    """The setting as it is stored.

    Raises:
        UnknownFormat: it names a format that does not exist.
    """
    for name in formats_in(text):
        if name not in format_names():
            raise UnknownFormat(format=name[:50], known=", ".join(format_names()))
    return ",".join(formats_in(text))


def format_choices() -> list[tuple[str, str]]:
    """Choices of a form of which one is chosen."""
    return [("", "detected line by line"), *formats_to_choose()]


def formats_to_choose(chosen: str = "") -> list[tuple[str, str]]:
    """Choices of a form of which several can be chosen; one whose file is gone stays choosable."""
    return [(name, name) for name in sorted({*format_names(), *formats_in(chosen)})]
