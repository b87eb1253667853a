"""Text of log lines that a terminal must not obey: colours, cursor moves, titles, hidden order."""

import re

# Control characters but tab and line feed, their 8-bit forms, what reorders text or ends a line.
# Source: ECMA-48; Unicode, "Bidirectional Ordering", "Line Separator" and "Tag Characters".
_ACTIVE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_NOT_SHOWN = re.compile(f"[{_ACTIVE}\ud800-\udfff\ufeff\U000e0000-\U000e007f]")
_LINE_FEED = "\n"


def inert(text: str) -> str:
    r"""The text with what a terminal would act on written out, such as `\x1b`; tabs and LF stay."""
    return _NOT_SHOWN.sub(_written, text)


def inert_line(text: str) -> str:
    r"""The same in one line: a line feed is written `\n`."""
    return inert(text).replace(_LINE_FEED, "\\n")


def inert_json(text: str) -> str:
    r"""JSON that means the same and holds none of it, only escapes such as `\u001b`."""
    return _NOT_SHOWN.sub(_escaped, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
