"""Where the header of a line ends: marks in a format's pattern what comes after it.

A template is made from the text a person wrote, not from the host and thread before it.
"""

import re

BODY = "_body"
_HEADER = frozenset(
    ("timestamp", "date", "time", "host", "service", "logger", "level", "pid", "tid", "thread")
    + ("process", "program", "facility", "priority", "node", "uptime_s", "component", "type")
    + ("pri", "version", "label", "epoch", "location", "event_id", "state", "flag", "file")
    + ("request_id",)
)
_NAMED = re.compile(r"\(\?P?<([^>]+)>")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\]|[()|]|[^\\()|\[]+", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[?*+]|\{[0-9,]+\})\??")


def mark_body(regex: str) -> str:
    """The pattern with a group named `BODY` from the end of the header to its end.

    The header is what the first groups hold, as long as their names are those of header fields and
    free text follows. Patterns without such a place stay as they are.
    """
    names = list(_NAMED.finditer(regex))
    if "message" in (match[1] for match in names) or not regex.endswith("$"):
        return regex
    ends = _ends_of_parts(regex)
    for match in reversed(_header(names)):
        end = next((end for start, end in ends if start <= match.start() < end), None)
        if end is not None and re.search(r"(?<!\\)\.[*+]", regex[end:]):
            return f"{regex[:end]}(?P<{BODY}>{regex[end:-1]})$"
    return regex


def _header(names: list[re.Match[str]]) -> list[re.Match[str]]:
    """The leading groups that are header fields."""
    count = next((n for n, match in enumerate(names) if match[1] not in _HEADER), len(names))
    return names[:count]


def _ends_of_parts(regex: str) -> list[tuple[int, int]]:
    """Start and end of the outermost groups, quantifiers included; none where `|` is outside."""
    depth, start, parts = 0, 0, []
    for token in _TOKEN.finditer(regex):
        if token[0] == "(":
            start = token.start() if depth == 0 else start
            depth += 1
        elif token[0] == ")":
            depth -= 1
            if depth == 0:
                after = _QUANTIFIER.match(regex, token.end())
                parts.append((start, after.end() if after else token.end()))
        elif token[0] == "|" and depth == 0:
            return []
    return parts
