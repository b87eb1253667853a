"""Lines → columns. A library: no Django, no network, no other app.

Names are loaded when first used, so that importing `parsing` does not load polars.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parsing.confidence import format_confidence
    from parsing.contracts import Format, Hint, OwnFormat, Parsed, Sample, UnknownZone
    from parsing.facade import parse_lines
    from parsing.lines import split_bodies, split_lines
    from parsing.multiline import Joined, parse_joined
    from parsing.names import format_names
    from parsing.patterns import named_patterns
    from parsing.registry import log_formats

__all__ = [
    "Format",
    "Hint",
    "Joined",
    "OwnFormat",
    "Parsed",
    "Sample",
    "UnknownZone",
    "format_confidence",
    "format_names",
    "log_formats",
    "named_patterns",
    "parse_joined",
    "parse_lines",
    "split_bodies",
    "split_lines",
]

_HOMES = {
    **dict.fromkeys(
        ("Format", "Hint", "OwnFormat", "Parsed", "Sample", "UnknownZone"), "contracts"
    ),
    "format_confidence": "confidence",
    "format_names": "names",
    "named_patterns": "patterns",
    "log_formats": "registry",
    **dict.fromkeys(("Joined", "parse_joined"), "multiline"),
    "parse_lines": "facade",
    "split_bodies": "lines",
    "split_lines": "lines",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
