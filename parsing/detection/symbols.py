r"""What a regex may match, as sets of ASCII code points in a bit mask.

Bit 128 stands for everything that is not ASCII. Whatever is not understood counts as "anything":
a set may be too wide, never too narrow.
"""

OTHER = 1 << 128
ANYTHING = (1 << 129) - 1


def symbols_of(characters: str) -> int:
    """The set that holds these characters."""
    mask = 0
    for character in characters:
        mask |= 1 << ord(character) if character.isascii() else OTHER
    return mask


DIGITS = symbols_of("0123456789")
LETTERS = symbols_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BLANKS = symbols_of(" \t\n\r\v\f") | OTHER
_WORD = DIGITS | LETTERS | symbols_of("_") | OTHER
_CLASSES = {
    "d": DIGITS | OTHER,
    "w": _WORD,
    "s": _BLANKS,
    "D": ANYTHING & ~DIGITS,
    "W": ANYTHING & ~(DIGITS | LETTERS | symbols_of("_")),
    "S": ANYTHING & ~symbols_of(" \t\n\r\v\f"),
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_ANCHORS = "bBAz"


def escape_at(regex: str, at: int) -> tuple[int | None, int]:
    """The set of the escape whose backslash is at `at` (None: matches no character), and its end.

    Raises:
        ValueError: an escape that is not known.
    """
    letter = regex[at + 1]
    if letter in _ANCHORS:
        return None, at + 2
    if letter in _CLASSES:
        return _CLASSES[letter], at + 2
    if letter in _CONTROLS:
        return symbols_of(_CONTROLS[letter]), at + 2
    if letter == "x" and regex[at + 2] != "{":
        return symbols_of(chr(int(regex[at + 2 : at + 4], 16))), at + 4
    if letter.isalnum():
        raise ValueError(f"unknown escape at {at}")
    return symbols_of(letter), at + 2


def class_at(regex: str, at: int) -> tuple[int, int]:
    """The set of the bracket expression that opens at `at`, and its end.

    Raises:
        ValueError: set operations or named classes, which are not read here.
    """
    at += 1
    is_negated = regex[at] == "^"
    at += is_negated
    mask, first = 0, at
    while regex[at] != "]" or at == first:
        if regex[at] == "[" or regex[at : at + 2] in ("&&", "--", "~~"):
            raise ValueError(f"a set operation at {at}")
        symbol, end = _member_at(regex, at)
        if regex[end] == "-" and regex[end + 1] != "]":
            last, end = _member_at(regex, end + 1)
            symbol = _span(symbol, last)
        mask |= symbol
        at = end
    if is_negated:
        # Of what is not ASCII, one character left out leaves the others.
        mask = (ANYTHING & ~mask) | OTHER
    return mask, at + 1


def _member_at(regex: str, at: int) -> tuple[int, int]:
    if regex[at] != "\\":
        return symbols_of(regex[at]), at + 1
    symbol, end = escape_at(regex, at)
    if symbol is None:
        raise ValueError(f"an anchor in a set at {at}")
    return symbol, end


def _span(first: int, last: int) -> int:
    if first == OTHER or last == OTHER:
        return (ANYTHING & ~(first - 1)) if last == OTHER else OTHER
    return ((last << 1) - 1) & ~(first - 1)
