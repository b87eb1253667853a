"""Named patterns: `%{name}` in the regex of a format, `%{name:field}` to make it a field.

They are data, `patterns.toml`; the API lists them for people who build a format of their own.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "patterns.toml"
REFERENCE = re.compile(r"%\{([a-z0-9_]+)(?::([A-Za-z_][A-Za-z0-9_.]*))?\}")


class UnknownPattern(ValueError):
    """A regex refers to a pattern that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A named part of a regex; `example` is a text that it matches whole."""

    name: str
    title: str
    regex: str
    example: str


@cache
def named_patterns() -> dict[str, Pattern]:
    """Name → pattern, in the order of the file."""
    found = tomllib.loads(_FILE.read_text("utf-8"))
    return {name: Pattern(name=name, **entry) for name, entry in found.items()}


def expand(regex: str) -> str:
    """Put the named patterns into a regex.

    Raises:
        UnknownPattern: it refers to one that does not exist.
    """

    def regex_of(reference: re.Match[str]) -> str:
        name, field = reference.groups()
        if name not in named_patterns():
            raise UnknownPattern(f"there is no pattern named {name!r}")
        return f"(?{f'P<{field}>' if field else ':'}{expand(named_patterns()[name].regex)})"

    return REFERENCE.sub(regex_of, regex)
