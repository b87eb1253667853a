"""Log formats as settings name them: one, or several with commas between, or none.

`auto` among them stands for detection of what the others leave.
"""

from collections.abc import Iterable, Mapping

from ingestion.errors import UnknownFormat
from parsing import format_names

AUTO = "auto"
PIN = "@"

MAX_FORMATS_CHARS = 500


def formats_in(text: str) -> tuple[str, ...]:
    """The names in a setting; none: every line's format is detected."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


def check_formats(text: str, *, own: Iterable[str] = ()) -> str:
    """The setting as it is stored.

    Args:
        text: names with commas between.
        own: names of the app's own formats that can be used.
    Raises:
        UnknownFormat: it names a format that does not exist.
    """
    names = formats_in(text)
    known = (*own, *format_names(), AUTO)
    for name in names:
        if name not in known:
            raise UnknownFormat(format=name[:50], known=", ".join(known))
    return "" if names == (AUTO,) else ",".join(names)


def pin_formats(text: str, own: Mapping[str, int]) -> str:
    """The setting as a body carries it: with the versions of the app's own formats.

    Args:
        text: names with commas between.
        own: name → version in use of the app's own formats.
    Raises:
        UnknownFormat: it names a format that does not exist.
    """
    if not text:
        return ""
    names = formats_in(check_formats(text, own=own))
    return ",".join(f"{name}{PIN}{own[name]}" if name in own else name for name in names)


def format_choices(own: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Choices of a form of which one is chosen."""
    return [("", "detected line by line"), *formats_to_choose(own=own)[1:]]


def formats_to_choose(chosen: str = "", own: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Choices of a form of which several can be chosen; one whose file is gone stays choosable."""
    others = sorted({*format_names(), *formats_in(chosen)} - {AUTO, *own})
    return [
        (AUTO, "auto: detect what the others leave"),
        *((name, f"{name} (of this app)") for name in sorted(own)),
        *((name, name) for name in others),
    ]
