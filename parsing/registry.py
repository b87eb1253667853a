"""Finds the formats: every `.toml` and `.py` in the groups of `parsing/formats`, never a list."""

from dataclasses import replace
from functools import cache

from logplatform.kernel.plugins import PluginError, find_plugins
from parsing.contracts import Format
from parsing.detection.candidates import Candidates, Gate
from parsing.loader import is_dialect, load_dialect, load_format
from parsing.names import format_files, format_groups


@cache
def log_formats() -> dict[str, Format]:
    """Name → format, the most specific first.

    Raises:
        FormatError: a `.toml` is wrong.
        PluginError: a `.py` lacks its `FORMAT`, or two files have one name.
    """
    found: dict[str, Format] = {}
    for group in format_groups():
        own = find_plugins(f"parsing.formats.{group}", "FORMAT", Format)
        found |= {name: replace(each, group=group) for name, each in own.items()}
    coded = dict(found)
    for file in format_files():
        if file.suffix == ".toml":
            own_format = load_dialect(file, coded) if is_dialect(file) else load_format(file)
            found[file.stem] = replace(own_format, group=file.parent.name)
    if len(found) < len(format_files()):
        raise PluginError(f"two files of parsing/formats have one name: {_repeated()}")
    ranked = sorted(found.items(), key=lambda item: (-item[1].specificity, item[0]))
    return dict(ranked)


@cache
def candidates() -> Candidates:
    """Tells which formats lines can be of."""
    return Candidates({name: each.patterns for name, each in log_formats().items()})


@cache
def gates() -> dict[str, Gate]:
    """Name → gate of the format."""
    return {name: Gate(each.patterns) for name, each in log_formats().items()}


def _repeated() -> str:
    names = [file.stem for file in format_files()]
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))
