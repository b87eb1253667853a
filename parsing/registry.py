"""Finds the formats: every `.toml` and `.py` of `parsing/formats`, never a list."""

from functools import cache

from logplatform.kernel.plugins import PluginError, find_plugins
from parsing.contracts import Format
from parsing.loader import load_format
from parsing.names import FOLDER


@cache
def log_formats() -> dict[str, Format]:
    """Name → format, the most specific first.

    Raises:
        FormatError: a `.toml` is wrong.
        PluginError: a `.py` lacks its `FORMAT`, or two files have one name.
    """
    found = find_plugins("parsing.formats", "FORMAT", Format)
    for file in sorted(FOLDER.glob("[!_]*.toml")):
        if file.stem in found:
            raise PluginError(f"{file}: there is a {file.stem}.py as well; keep one")
        found[file.stem] = load_format(file)
    ranked = sorted(found.items(), key=lambda item: (-item[1].specificity, item[0]))
    return dict(ranked)
