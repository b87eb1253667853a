"""Words of a message, as the engine's text index cuts them (tokenizer `splitByNonAlpha`).

A word is a run of ASCII letters and digits and of any character beyond ASCII; letter case is
folded by Unicode's simple lower-casing. Forms of the same character (NFC, NFD) are not folded.
"""

import re

from storage.query.text import ANY

SEPARATOR = r"[\x00-/:-@\[-`{-\x7f]"
_WORDS = re.compile(r"[0-9A-Za-z\u0080-\U0010ffff]+")
_GAP = {ANY: r"[^ \t\n\f\r]*"}
_ONE = r"[^ \t\n\f\r]"
_META = re.compile(r"([\\.+*?()|\[\]{}^$&~#-])")


def lowered(text: str) -> str:
    """Lower case as the engine's `lowerUTF8` and polars do it."""
    return text.lower()


def words_of(text: str) -> tuple[str, ...]:
    """The distinct words of a text, in order."""
    return tuple(dict.fromkeys(_WORDS.findall(text)))


def escaped(text: str) -> str:
    """A literal inside a pattern of RE2 and of Rust alike."""
    return _META.sub(r"\\\1", text)


def glob_regex(parts: list[tuple[bool, str]]) -> str:
    """A wildcard over words: `time*` → a word that starts so; `*` does not cross white space."""
    body = "".join(
        (_GAP.get(text, _ONE) if wild else escaped(text))
        for index, (wild, text) in enumerate(parts)
        if not (wild and text == ANY and index in (0, len(parts) - 1))
    )
    (first_wild, first), (last_wild, last) = parts[0], parts[-1]
    start = f"(?:^|{SEPARATOR})" if not first_wild and _WORDS.match(first) else ""
    end = f"(?:$|{SEPARATOR})" if not last_wild and _WORDS.match(last[-1]) else ""
    return f"{start}{body}{end}"
