"""Message templates: what stays of a message when everything that varies is taken out.

The rules, and the exact id of one message. `parsing.templates` does the same for columns, and has
to agree with this on every message. The id depends on the message alone: no process learns
anything, so ids are the same in every body, worker and version that has these rules.

The rules are two patterns, applied one after the other, in a dialect that Python and Rust share:
ASCII classes only, leftmost first, no look-around.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

# Longer lines, and lines after the first (stack traces), do not tell more about the kind.
MAX_CHARS = 1024
# Numbers of 53 bits survive JSON in JavaScript.
ID_BITS = 53
MASK = "<*>"
# What stands between the header of a line (time, host, thread …) and its text.
SEPARATORS = " \t:|)]>-,;"
LETTER = r"[A-Za-z]|[^\x00-\x7f]"
MAX_HEADER = 400
# No word holds this character, so the parts of a path are masked one by one.
SLASH = "\u2044"
METHODS = ("method", "http.method", "http.request.method")
PATHS = ("path", "http.path", "url.path")

_DIGIT, _VALUE = "0", "*"
# A word: printable ASCII without white space, brackets, quotes and = : , ; |
_W = r"[!#-&*+./0-9?@A-Z\\^_`a-z~-]"
_LABEL = "[A-Za-z0-9_-]"
_DAY_OR_MONTH = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_UNIT = (
    "[KMGTP]?i?B|bytes?|[mnu]?s|secs?|seconds?|min|minutes?|hours?|EST|EDT|PST|PDT|UTC|GMT|CET|CEST"
)
_PAIR = "(?:[0-9A-Fa-f]{2}|0)"
_WHOSE = "for|by|of|as|from|[Ii]nvalid|[Ii]llegal|[Uu]nknown"
# What follows `=`; and a name after `user`, or between `for` and `from`.
_ASSIGNED = f'="[^"]*"|={_W}*'
_NUMBERED = f"{_W}*[0-9]{_W}*"


def mask_patterns(boundary: str) -> tuple[tuple[str, str], ...]:
    r"""The two patterns with what replaces their finds.

    First each word with a digit becomes `0`; then values, alone or in a row, become `*`.

    Args:
        boundary: how the engine spells an ASCII word boundary: `\b` or `(?-u:\b)`.
    """
    values = (
        f"{boundary}{_PAIR}(?::{_PAIR}){{3,}}",  # hardware and IPv6 addresses
        rf"{_LABEL}+\.[A-Za-z0-9._-]+:0",  # host and port
        rf"(?:{_LABEL}+\.){{2,}}{_LABEL}*[a-z]{_LABEL}*",  # hosts, packages
        f"{boundary}(?:[a-f]{{8,}}|[A-F]{{8,}}){boundary}",
        f"(?:{_DAY_OR_MONTH}[ ,]+)*[<>]?{_W}*[0/]{_W}*(?: ?(?:{_UNIT}){boundary})?",
        f"{_W}+@{_W}+",
        _ASSIGNED,
    )
    value = f"(?:{'|'.join(values)})"
    bracketed = rf"[ \t]*[(\[<{{][ \t]*(?:{value})?[ \t]*[)\]>}}]"
    row = rf"{value}(?:[ \t,:;/|+.-]*{value}|{bracketed})*"
    user = f"{boundary}(?:{_WHOSE}) user +{_W}+|{boundary}for +{_W}+ +from{boundary}"
    return (_NUMBERED, _DIGIT), (f"{user}|{row}", _VALUE)


def template_of(message: str) -> str:
    """The template as people see it: `<*>` for what varies, key names kept.

    Args:
        message: any text, or what `subject_of` gives; `MAX_CHARS` of its first line count.
    """
    return _values().sub(_shown, _numbered(message)).replace(SLASH, "/")


def pattern_id_of(message: str) -> int:
    """The id of a message's template, 0 to 2^53 - 1."""
    return hash_of(masked(message).encode())


def masked(message: str) -> str:
    """What of a message its id is made from: the template without the names of values."""
    return _values().sub(_VALUE, _numbered(message))


def subject_of(message: str, attributes: Mapping[str, str]) -> str:
    """What the template of a record is made from: its message, or method and path.

    The latter where the message is empty or holds just that among other fields, as the lines of
    access logs do. The query is left out, and a `SLASH` keeps the parts of the path apart.
    """
    method = next((attributes[name] for name in METHODS if name in attributes), None)
    path = next((attributes[name] for name in PATHS if name in attributes), None)
    request = f"{method} {path}"
    is_request = not message or ("/" in message and request in message)
    if method is None or path is None or not is_request:
        return message
    return request.partition("?")[0].replace("/", SLASH)


def subject_of_record(record: Mapping[str, Any]) -> str:
    """What the `pattern_id` of a record was made from.

    Where that is its message without the header of the line, the id tells where the header ends.
    """
    subject = subject_of(record["message"], record["attributes"])
    wanted = record.get("pattern_id", 0)
    if not wanted or pattern_id_of(subject) == wanted:
        return subject
    ends = _ends_of(record["message"].partition("\n")[0])
    return next((end for end in ends if pattern_id_of(end) == wanted), subject)


def _ends_of(line: str) -> Iterator[str]:
    """A line without its first word, its first two words …; words end where letters do."""
    for start in range(1, min(len(line), MAX_HEADER)):
        is_inside = line[start - 1].isalnum() and line[start].isalnum()
        if not is_inside and line[start] not in SEPARATORS:
            yield line[start:]


def hash_of(text: bytes) -> int:
    """53 bits: the mixed sum of mixed words of eight bytes (mixer of splitmix64)."""
    words = [text[at : at + 8] for at in range(0, len(text), 8)] or [b""]
    total = len(text)
    for place, word in enumerate(words, start=1):
        total += _mixed(int.from_bytes(word, "little") + place * GOLDEN)
    return _mixed(total) >> (64 - ID_BITS)


GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_ALL = (1 << 64) - 1


def _mixed(word: int) -> int:
    word &= _ALL
    word = (word ^ word >> 30) * FIRST & _ALL
    word = (word ^ word >> 27) * SECOND & _ALL
    return word ^ word >> 31


def _numbered(message: str) -> str:
    return re.sub(_NUMBERED, _DIGIT, message.partition("\n")[0][:MAX_CHARS])


@cache
def _values() -> re.Pattern[str]:
    return re.compile(mask_patterns(r"\b")[1][0], re.ASCII)


def _shown(match: re.Match[str]) -> str:
    """The find with its values replaced: words that introduce a value stay."""
    found = match[0]
    if kept := re.match(rf"((?:{_WHOSE}) user +|for +){_W}+( +from)?$", found):
        return f"{kept[1]}{MASK}{kept[2] or ''}"
    return f"={MASK}" if found.startswith("=") else MASK
