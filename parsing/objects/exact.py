"""One JSON object at a time, exactly: the rules that the column reader must agree with.

The rules, for both readers:
- numbers keep their text; one that a double cannot hold (`1e999`) makes the line invalid, as do
  `NaN` and `Infinity`;
- nulls are left out; of keys that occur twice the last one that is not null counts;
- objects are flattened, keys joined with `.`; a key nearer to the top wins over a deeper one of the
  same joined name; an object below `MAX_FLAT_DEPTH` and an empty one stay JSON text;
- arrays stay JSON text, with `, ` and `: ` as separators;
- an empty key becomes `_`; a joined key is cut to `MAX_KEY_BYTES`; the first of two that become the
  same wins;
- of more than `MAX_FIELDS` the rest is folded, as JSON text, into `_extra`;
- half of a surrogate pair becomes U+FFFD.

Source: RFC 8259.
"""

import json
import math
import re
from collections.abc import Set as AbstractSet

from logplatform.kernel.lines import MAX_DEPTH

MAX_FLAT_DEPTH = 32
MAX_FIELDS = 256
MAX_KEY_BYTES = 128
EXTRA = "_extra"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS = {list: "an array", bool: "a boolean", type(None): "null"}


class RefusedLine(Exception):
    """The line is not a JSON object we take; the text is `code: sentence`."""


class _Number(str):
    """A number as written."""

    __slots__ = ()


class _Object(list[tuple[str, object]]):
    """The pairs of an object as written, repeated keys included."""

    __slots__ = ()


def _number(text: str) -> _Number:
    may_be_huge = len(text) > 300 or "e" in text or "E" in text
    if may_be_huge and not math.isfinite(float(text)):
        shown = text if len(text) <= 24 else f"{text[:20]}…"
        raise RefusedLine(f"invalid_json: the number {shown} is out of range")
    return _Number(text)


def _refuse_constant(name: str) -> object:
    raise RefusedLine(f"invalid_json: {name} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object,
    parse_int=_number,
    parse_float=_number,
    parse_constant=_refuse_constant,
)


def read_exact(text: str, *, kept: AbstractSet[str] = frozenset()) -> dict[str, str]:
    """Read one line.

    Args:
        text: the line, without BOM.
        kept: joined keys that are never folded into `_extra`.
    Returns:
        Joined key → value as text, at most `MAX_FIELDS` besides `_extra`.
    Raises:
        RefusedLine: not JSON, not an object, or nested deeper than `MAX_DEPTH`.
    """
    fields: dict[str, str] = {}
    _flatten(_decode(text), "", 1, fields)
    fields = _cut_keys(fields)
    if "\\u" in text:
        fields = {_mend(key): _mend(value) for key, value in fields.items()}
    return fields if len(fields) <= MAX_FIELDS else _fold(fields, kept)


def _decode(text: str) -> _Object:
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_too_deep(text):
        raise RefusedLine(f"too_deep: nested deeper than {MAX_DEPTH} levels")
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg.lower().removesuffix(" at")  # a few messages end with it
        reason = f"invalid_json: {what} at character {error.pos + 1}"
        raise RefusedLine(reason) from None
    except RecursionError:
        raise RefusedLine("too_deep: nested too deep to be read") from None
    if not isinstance(found, _Object):
        kind = "a number" if isinstance(found, _Number) else _KINDS.get(type(found), "a string")
        raise RefusedLine(f"not_an_object: the line is {kind}, not an object")
    return found


def _is_too_deep(text: str) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _flatten(pairs: _Object, prefix: str, depth: int, fields: dict[str, str]) -> None:
    nested: dict[str, _Object] = {}
    for key, value in {key or "_": value for key, value in pairs if value is not None}.items():
        if isinstance(value, _Object) and value and depth < MAX_FLAT_DEPTH:
            nested[key] = value
        else:
            fields.setdefault(prefix + key, value if type(value) is str else _text(value))
    for key in sorted(nested):
        _flatten(nested[key], f"{prefix}{key}.", depth + 1, fields)


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) else _dump(value)


def _dump(value: object) -> str:
    """JSON text of a part, numbers and repeated keys as they came."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, _Object):
        return "{" + ", ".join(f"{_dump(key)}: {_dump(part)}" for key, part in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _cut_keys(fields: dict[str, str]) -> dict[str, str]:
    if max(map(len, fields), default=0) * 4 <= MAX_KEY_BYTES or all(map(fits, fields)):
        return fields
    cut: dict[str, str] = {}
    for key, value in fields.items():
        short = key.encode("utf-8", "surrogatepass")[:MAX_KEY_BYTES].decode("utf-8", "ignore")
        cut.setdefault(short, value)
    return cut


def fits(key: str) -> bool:
    """Whether a joined key is short enough to be kept whole."""
    return len(key.encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES


def is_odd_key(key: str) -> bool:
    """Whether a joined key has to be changed before it is kept."""
    return not fits(key) or not all(key.split("."))


def _mend(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _fold(fields: dict[str, str], kept: AbstractSet[str]) -> dict[str, str]:
    names = [key for key in fields if key in kept]
    names += [key for key in fields if key not in kept and key != EXTRA]
    folded = {key: fields[key] for key in names[MAX_FIELDS:]}
    if EXTRA in fields:
        folded[EXTRA] = fields[EXTRA]
    extra = {EXTRA: json.dumps(folded, ensure_ascii=False)}
    return {key: fields[key] for key in names[:MAX_FIELDS]} | extra
